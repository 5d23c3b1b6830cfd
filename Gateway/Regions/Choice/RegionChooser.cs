using System.Collections.Immutable;
using System.Globalization;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions.Choice;

/// <summary>
/// Chooses the region of a token or session. Only regions that the tenant allows and that can take clients count. Where a client is follows from what is declared,
/// else from its address, else from what it measured. With several clients the region with the shortest relayed path between them is taken. The reason is part of the choice.
/// </summary>
public sealed class RegionChooser(RegionDirectory regions, IRegionHealth health, RegionSummaries summaries, RegionDistances distances, AddressPlaces places)
{
    private const double NotMeasured = 1_000;

    /// <summary>The region that a request names: it or none.</summary>
    /// <param name="discovery">The tenant's configuration.</param>
    /// <param name="region">The name.</param>
    public RegionChoice Named(DiscoveryConfiguration discovery, string region)
    {
        var map = regions.Current;
        if (!Allows(discovery, region))
        {
            return NotAllowed(discovery, $"the region '{region}'");
        }

        if (region != map.Name && !map.Peers.ContainsKey(region))
        {
            return new Problem(ProblemCodes.RegionUnavailable, $"There is no region '{region}'; there are {string.Join(", ", map.All)}.");
        }

        return region != map.Name && health.StatusOf(region) is null
            ? new Problem(ProblemCodes.RegionUnavailable, $"The region '{region}' can't be reached from '{map.Name}' now: ask a gateway there.")
            : new RegionChoice(region, "the request names it", null);
    }

    /// <summary>This region, for a request that another gateway has placed here, or that can't go on to another region.</summary>
    /// <param name="discovery">The tenant's configuration.</param>
    /// <param name="reason">Why.</param>
    public RegionChoice Here(DiscoveryConfiguration discovery, string reason) => Named(discovery, regions.Current.Name) is { Problem: null } here ? here with { Reason = reason } : NotAllowedHere(discovery);

    /// <summary>A region for one client or several.</summary>
    /// <param name="discovery">The tenant's configuration.</param>
    /// <param name="parties">Those who will use relays, in the order of the request; those of whom nothing is known count for nothing.</param>
    public async Task<RegionChoice> ChooseAsync(DiscoveryConfiguration discovery, IReadOnlyList<Party> parties)
    {
        var map = regions.Current;
        var allowed = map.All.Where(region => Allows(discovery, region)).ToList();
        if (allowed.Count == 0)
        {
            return NotAllowed(discovery, $"any of the regions there are ({string.Join(", ", map.All)})");
        }

        var open = map.Peers.IsEmpty ? allowed : await OpenAsync(map, allowed);
        if (open.Count == 0 && allowed.Contains(map.Name))
        {
            // The one that was asked says that it has no relay.
            open = [map.Name];
        }

        if (open.Count == 0)
        {
            return new Problem(ProblemCodes.RegionUnavailable, $"The tenant's discovery configuration allows {string.Join(", ", allowed)}, where no client can be taken now.");
        }

        var known = parties.Select(party => Locate(party, map)).OfType<Whereabouts>().ToList();
        if (known.Count == 0)
        {
            return open.Contains(map.Name)
                ? new RegionChoice(map.Name, "the region of the gateway that was asked", null)
                : new RegionChoice(open.MinBy(region => distances.Between(map.Name, region))!, $"nearest of those the tenant allows to the gateway that was asked, in '{map.Name}'", null);
        }

        // Where it makes no difference: the first client's own region, then this one, then by name.
        var ordered = open.OrderBy(region => region == known[0].Home ? 0 : region == map.Name ? 1 : 2).ToList();
        var best = ordered.MinBy(region => Math.Round(known.Sum(one => one.Cost(region)), 3))!;
        return new RegionChoice(best, Explain(best, known, open), null);
    }

    private static bool Allows(DiscoveryConfiguration discovery, string region) => discovery.Regions.IsEmpty || discovery.Regions.Contains(region);

    private static Problem NotAllowed(DiscoveryConfiguration discovery, string what) => new(
        ProblemCodes.RegionUnavailable, $"The tenant's discovery configuration does not allow {what}; it allows {string.Join(", ", discovery.Regions)}.");

    private RegionChoice NotAllowedHere(DiscoveryConfiguration discovery) => NotAllowed(discovery, $"the region '{regions.Current.Name}'");

    private async Task<List<string>> OpenAsync(RegionMap map, List<string> allowed)
    {
        var local = allowed.Contains(map.Name) && (await summaries.LocalAsync()).Healthy;
        return [.. allowed.Where(region => region == map.Name ? local : health.StatusOf(region) is { Healthy: true })];
    }

    private Whereabouts? Locate(Party party, RegionMap map)
    {
        if (party.Declared is { } declared && map.All.Contains(declared))
        {
            return In(party, declared, "declares {}");
        }

        if (party.Address is { } address)
        {
            var found = places.Find(address);
            if (found.Region is { } region && map.All.Contains(region))
            {
                return In(party, region, $"has an address in {found.Match}, of {{}}");
            }

            if (found.Place is { Latitude: { } north, Longitude: { } east } && !map.Locations.IsEmpty)
            {
                return new Whereabouts(
                    party.Who, map.Locations.Keys.MinBy(name => distances.From(north, east, name) ?? NotMeasured)!, name => distances.From(north, east, name) ?? NotMeasured,
                    "is nearest to {} by its address");
            }
        }

        return !party.Latencies.IsEmpty && party.Latencies.Where(measured => map.All.Contains(measured.Key)).ToImmutableSortedDictionary() is { IsEmpty: false } latencies
            ? new Whereabouts(party.Who, latencies.MinBy(static measured => measured.Value).Key, name => latencies.TryGetValue(name, out var milliseconds) ? milliseconds : NotMeasured, "measured the lowest latency to {}")
            : null;
    }

    private Whereabouts In(Party party, string home, string because) => new(party.Who, home, region => distances.Between(home, region), because);

    private static string Explain(string best, List<Whereabouts> known, List<string> open)
    {
        var homes = known.Select(static one => one.Home).Distinct().ToList();
        var who = string.Join("; ", known.Select(one => homes.Count == 1 && one.Home == best ? $"{one.Who} {one.Because.Replace("{}", "it", StringComparison.Ordinal)}"
            : $"{one.Who} {one.Because.Replace("{}", $"'{one.Home}'", StringComparison.Ordinal)}"));
        if (homes.Count == 1)
        {
            return homes[0] == best ? who : $"{who}, where no client can be taken for this tenant now; this is the nearest that can";
        }

        var all = string.Join(", ", open.Select(region => string.Create(CultureInfo.InvariantCulture, $"{region} {known.Sum(one => one.Cost(region)):0} ms")));
        return $"{who}: the way between them is shortest by way of it ({all})";
    }
}
