namespace NetDiscovery.Relay.Allocations;

/// <summary>The 5-tuple of the packet path (RFC 8656 §3): what an allocation is found by.</summary>
/// <param name="Client">The client's transport address as the relay sees it.</param>
/// <param name="Server">The relay's transport address the client uses.</param>
/// <param name="Transport">The real transport between them.</param>
internal readonly record struct FiveTuple(TransportAddress Client, TransportAddress Server, Transport Transport);
