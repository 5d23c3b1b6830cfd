using System.Text.RegularExpressions;

namespace NetDiscovery.TestKit;

/// <summary>The names under which Prometheus sees the instruments of docs/reference/metrics.md, and the names it gives their tags.</summary>
public static partial class PrometheusNames
{
    // OpenTelemetry's instruments that count up get "total"; the page does not say which do, so both forms are good here and a running host tells.
    private static readonly string[] Suffixes = ["", "_total", "_bucket", "_sum", "_count"];

    /// <summary>By metric, its labels.</summary>
    public static IReadOnlyDictionary<string, IReadOnlySet<string>> Known { get; } = Read();

    private static Dictionary<string, IReadOnlySet<string>> Read()
    {
        var known = new Dictionary<string, IReadOnlySet<string>>(StringComparer.Ordinal);
        foreach (var cells in File.ReadLines(Path.Combine(RepositoryRoot.Path, "docs/reference/metrics.md")).Where(static line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(static line => line.Split('|').Select(static cell => cell.Trim()).ToArray()))
        {
            var name = cells[1].Trim('`').Replace('.', '_') + cells[2].Trim('`') switch { "By" => "_bytes", "s" => "_seconds", _ => "" };
            var labels = InBackticks().Matches(cells[3]).Select(static match => match.Groups[1].Value.Replace('.', '_')).ToHashSet();
            foreach (var suffix in Suffixes)
            {
                known[name + suffix] = labels;
            }
        }

        return known;
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex InBackticks();
}
