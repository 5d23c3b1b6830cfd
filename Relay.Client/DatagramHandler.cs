using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Client;

/// <summary>Takes a peer's datagram on the receiving thread; must not block.</summary>
/// <param name="peer">Who sent it.</param>
/// <param name="data">Application data; valid until the call returns.</param>
public delegate void DatagramHandler(TransportAddress peer, ReadOnlyMemory<byte> data);
