using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Allocations;

/// <summary>A 5-tuple and the way back to its client.</summary>
/// <param name="Tuple">The 5-tuple.</param>
/// <param name="Leg">The way back.</param>
internal sealed record ClientPath(FiveTuple Tuple, ClientLeg Leg);
