using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Relays;

namespace NetDiscovery.Grains.Relays;

/// <summary>Which relays a draining one may send its clients to.</summary>
internal static class Alternatives
{
    /// <summary>Relays named at once.</summary>
    public const int Max = 4;

    /// <returns>The least loaded of the healthy relays that take clients, without <paramref name="relayId"/> itself.</returns>
    public static ImmutableArray<RelayAnnouncement> To(string relayId, ImmutableArray<RelayStatus> region) =>
    [
        .. region
            .Where(relay => relay is { Healthy: true, Draining: false } && relay.Announcement.RelayId != relayId)
            .OrderBy(relay => relay.Allocations)
            .Take(Max)
            .Select(relay => relay.Announcement),
    ];
}
