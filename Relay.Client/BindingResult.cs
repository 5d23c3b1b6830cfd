using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Client;

/// <summary>What a Binding gave.</summary>
/// <param name="Mapped">The client's address as the server sees it.</param>
/// <param name="ResponseOrigin">Where the response was sent from, by its own word (RFC 5780 §7.3); else the default.</param>
/// <param name="OtherAddress">The server's other address and port (RFC 5780 §7.4); else the default.</param>
/// <param name="Source">Where the response really came from.</param>
public sealed record BindingResult(TransportAddress Mapped, TransportAddress ResponseOrigin, TransportAddress OtherAddress, TransportAddress Source);
