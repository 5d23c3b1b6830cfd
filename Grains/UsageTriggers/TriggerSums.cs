using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.UsageTriggers;

/// <summary>Usage in one period, by region.</summary>
internal sealed class TriggerSums
{
    private const decimal Megabyte = 1_000_000;

    private readonly Dictionary<string, UsageTotals> byRegion = [];

    /// <summary>Adds usage of a region.</summary>
    public void Add(string region, UsageTotals totals) => byRegion[region] = byRegion.GetValueOrDefault(region) + totals;

    /// <summary>Adds all of another.</summary>
    public void Add(TriggerSums other)
    {
        foreach (var (region, totals) in other.byRegion)
            Add(region, totals);
    }

    /// <summary>Usage as a trigger counts it.</summary>
    public decimal Of(UsageMeasure by, string? region)
    {
        var totals = region is null ? byRegion.Values.Aggregate(default(UsageTotals), (sum, totals) => sum + totals) : byRegion.GetValueOrDefault(region);
        return by == UsageMeasure.Megabytes ? (totals.BytesFromClient + totals.BytesToClient) / Megabyte : totals.Allocations;
    }
}
