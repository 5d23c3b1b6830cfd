using NetDiscovery.Gateway.Relays;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions;

/// <summary>Health and load of regions, in a few numbers.</summary>
public sealed class RegionSummaries(RelayDirectory relays, RegionDirectory regions, IRegionHealth health)
{
    /// <summary>Counts this region's relays as they are known here.</summary>
    public async Task<RegionStatusResponse> LocalAsync()
    {
        var name = regions.Current.Name;
        var known = await relays.ListAsync(name);
        var open = known.Where(static relay => relay.Healthy && !relay.Draining).ToList();
        return new RegionStatusResponse(
            name, open.Count > 0, known.Length, open.Count, known.Where(static relay => relay.Healthy).Sum(static relay => (long)relay.Allocations),
            open.Sum(static relay => (long)relay.Announcement.Capacity * Math.Max(1, relay.Announcement.RelayedAddresses.Length)));
    }

    /// <summary>All regions in order of name; one that can't be reached is not healthy, and nothing is known of its relays.</summary>
    public async Task<IReadOnlyList<RegionStatusResponse>> AllAsync()
    {
        var map = regions.Current;
        var local = await LocalAsync();
        return [.. map.All.Select(name => name == map.Name ? local : health.StatusOf(name) ?? new RegionStatusResponse(name, false, 0, 0, 0, 0))];
    }
}
