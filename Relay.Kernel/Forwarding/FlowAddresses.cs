using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Kernel.Forwarding;

/// <summary>Between whom a channel's datagrams go. All four of one family; addresses as they are on this machine's wire.</summary>
/// <param name="Client">The client.</param>
/// <param name="Server">What the client sends to.</param>
/// <param name="Relayed">What the peer sends to.</param>
/// <param name="Peer">The peer.</param>
/// <param name="Channel">The channel number between client and server.</param>
internal readonly record struct FlowAddresses(TransportAddress Client, TransportAddress Server, TransportAddress Relayed, TransportAddress Peer, ushort Channel);
