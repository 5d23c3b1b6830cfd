using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Client;

/// <summary>A peer's datagram with bytes of its own.</summary>
/// <param name="Peer">Who sent it.</param>
/// <param name="Data">Application data.</param>
public readonly record struct ReceivedDatagram(TransportAddress Peer, ReadOnlyMemory<byte> Data);
