using System.Collections.Immutable;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Gateway.Regions.Choice;

/// <summary>What clients may say of their latencies.</summary>
public static class LatencyRule
{
    private const int MaxRegions = 64;
    private const double MaxMilliseconds = 60_000;

    /// <summary>Notes what breaks a rule.</summary>
    public static void Check(string path, ImmutableSortedDictionary<string, double> latencies, FieldErrors errors)
    {
        if (latencies.Count > MaxRegions || latencies.Any(static measured => !RegionName.IsValid(measured.Key) || measured.Value is not (>= 0 and <= MaxMilliseconds)))
        {
            errors.AddUnlessKnown(path, $"must hold at most {MaxRegions} regions with milliseconds from 0 to {MaxMilliseconds:0}");
        }
    }
}
