namespace NetDiscovery.Relay.Kernel.Routing;

/// <summary>A way to a destination.</summary>
/// <param name="Interface">Leaving interface; 0 = there is none that a forwarder could use.</param>
/// <param name="NextHop">The neighbour to hand the packet to: 4 or 16 bytes.</param>
internal readonly record struct Route(int Interface, NextHopAddress NextHop);
