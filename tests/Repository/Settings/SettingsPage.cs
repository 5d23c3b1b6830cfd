using System.Text.RegularExpressions;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository.Settings;

/// <summary>The settings that docs/reference/settings.md names, in full: <c>Relay:Alternates:N:Port</c>, where the page says <c>:Port</c> after its neighbour.</summary>
internal static partial class SettingsPage
{
    /// <summary>All of them.</summary>
    public static IReadOnlySet<string> Names { get; } = Read();

    /// <summary>The setting that an environment variable sets: <c>Relay__ListenAddresses__0</c> is <c>Relay:ListenAddresses:N</c>.</summary>
    public static string OfVariable(string variable) => string.Join(':', variable.Split("__").Select(static part => part.All(char.IsAsciiDigit) ? "N" : part));

    private static HashSet<string> Read()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(Path.Combine(RepositoryRoot.Path, "docs/reference/settings.md")).Where(static line => line.StartsWith("| `", StringComparison.Ordinal)))
        {
            var last = "";
            foreach (var name in InBackticks().Matches(line.Split('|')[1]).Select(static match => match.Groups[1].Value))
            {
                last = name.StartsWith(':') ? last[..last.LastIndexOf(':')] + name : name;
                names.Add(last);
            }
        }

        Assert.InRange(names.Count, 60, 500);
        return names;
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex InBackticks();
}
