using NetDiscovery.TestKit;

namespace NetDiscovery.Repository.Observability;

/// <summary>Holds an expression to the reference of metrics.</summary>
internal static class Expressions
{
    /// <summary>Fails when it names a metric or a label that the reference does not.</summary>
    public static void Check(string where, string expression)
    {
        Assert.True(PromQl.IsBalanced(expression), $"{where}: brackets of {expression}");
        var metrics = PromQl.Metrics(expression).ToList();
        foreach (var (metric, labels) in metrics)
        {
            Assert.True(PrometheusNames.Known.ContainsKey(metric), $"{where}: docs/reference/metrics.md has no {metric}");
            var known = PrometheusNames.Known[metric];
            Assert.All(labels, label => Assert.True(known.Contains(label), $"{where}: {metric} has no label {label}"));
        }

        var all = metrics.SelectMany(static found => PrometheusNames.Known[found.Metric]).ToHashSet();
        Assert.All(PromQl.Grouped(expression), label => Assert.True(all.Contains(label), $"{where}: nothing in {expression} has the label {label}"));
    }
}
