using System.Text.RegularExpressions;
using NetDiscovery.Repository.Settings;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository.Observability;

/// <summary>The page of metrics names every instrument that the code makes, and no other.</summary>
public sealed partial class MetricsReferenceTests
{
    [Fact]
    public void Every_instrument_of_the_code_is_on_the_page_and_the_other_way_round()
    {
        var made = SettingsInCode.Sources().SelectMany(static source => Instrument().Matches(source)).Select(static match => match.Groups[1].Value).Order(StringComparer.Ordinal).ToList();
        var listed = File.ReadLines(Path.Combine(RepositoryRoot.Path, "docs/reference/metrics.md")).Select(static line => Listed().Match(line)).Where(static match => match.Success)
            .Select(static match => match.Groups[1].Value).Order(StringComparer.Ordinal);

        Assert.InRange(made.Count, 30, 200);
        Assert.Equal(made, listed);
    }

    [GeneratedRegex(@"Create(?:Observable)?(?:Counter|UpDownCounter|Gauge|Histogram)(?:<\w+>)?\(\s*""(netdiscovery\.[a-z_.]+)""")]
    private static partial Regex Instrument();

    [GeneratedRegex(@"^\| `(netdiscovery\.[a-z_.]+)` \|")]
    private static partial Regex Listed();
}
