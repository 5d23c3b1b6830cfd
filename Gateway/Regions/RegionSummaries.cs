using NetDiscovery.Gateway.Relays;

namespace NetDiscovery.Gateway.Regions;

/// <summary>Health and load of this region, in a few numbers.</summary>
public sealed class RegionSummaries(RelayDirectory relays, LocalRegion local)
{
    /// <summary>Counts the relays as they are known here.</summary>
    public async Task<RegionStatusResponse> LocalAsync()
    {
        var known = await relays.ListAsync(local.Name);
        var open = known.Where(static relay => relay.Healthy && !relay.Draining).ToList();
        return new RegionStatusResponse(
            local.Name, open.Count > 0, known.Length, open.Count, known.Where(static relay => relay.Healthy).Sum(static relay => (long)relay.Allocations),
            open.Sum(static relay => (long)relay.Announcement.Capacity * Math.Max(1, relay.Announcement.RelayedAddresses.Length)));
    }
}
