using System.Text.RegularExpressions;

namespace NetDiscovery.Repository.Observability;

/// <summary>What an expression of Prometheus names. Not a parser: enough to find metrics and labels, and brackets that do not close.</summary>
internal static partial class PromQl
{
    private static readonly HashSet<string> Words =
    [
        "sum", "min", "max", "count", "avg", "by", "without", "rate", "increase", "deriv", "histogram_quantile", "vector", "and", "or", "unless", "on", "ignoring", "bool", "label_values",
    ];

    // What Prometheus makes itself, and the labels it adds when it scrapes.
    private static readonly HashSet<string> OfPrometheus = ["up", "ALERTS"];
    private static readonly HashSet<string> LabelsOfPrometheus = ["job", "instance", "region", "le", "alertname", "alertstate"];

    /// <summary>Metrics that are named, with the labels that are asked of them in braces.</summary>
    public static IEnumerable<(string Metric, IReadOnlyList<string> Labels)> Metrics(string expression)
    {
        foreach (Match match in Metric().Matches(Strings().Replace(Ranges().Replace(Groupings().Replace(expression, " "), " "), "\"\"")))
        {
            var name = match.Groups["name"].Value;
            if (!Words.Contains(name) && !OfPrometheus.Contains(name))
            {
                yield return (name, [.. Label().Matches(match.Groups["labels"].Value).Select(static label => label.Groups[1].Value).Except(LabelsOfPrometheus)]);
            }
        }
    }

    /// <summary>Labels of <c>by (…)</c>, without those that Prometheus adds.</summary>
    public static IEnumerable<string> Grouped(string expression) =>
        Groupings().Matches(expression).SelectMany(static match => match.Groups[1].Value.Split(',')).Select(static label => label.Trim()).Where(static label => label.Length > 0).Except(LabelsOfPrometheus);

    /// <summary>True when all brackets close in order.</summary>
    public static bool IsBalanced(string expression)
    {
        var open = new Stack<char>();
        foreach (var character in Strings().Replace(expression, ""))
        {
            if ("([{".Contains(character))
            {
                open.Push(character);
            }
            else if (")]}".Contains(character) && (!open.TryPop(out var opening) || "([{".IndexOf(opening) != ")]}".IndexOf(character)))
            {
                return false;
            }
        }

        return open.Count == 0;
    }

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Strings();

    [GeneratedRegex(@"\[[0-9a-z]+\]")]
    private static partial Regex Ranges();

    [GeneratedRegex(@"\b(?:by|without|on|ignoring) ?\(([^)]*)\)")]
    private static partial Regex Groupings();

    [GeneratedRegex(@"\b(?<name>[a-zA-Z_][a-zA-Z0-9_]*)(?:\{(?<labels>[^}]*)\})?")]
    private static partial Regex Metric();

    [GeneratedRegex(@"([a-z_]+)\s*(?:=~|!~|!=|=)")]
    private static partial Regex Label();
}
