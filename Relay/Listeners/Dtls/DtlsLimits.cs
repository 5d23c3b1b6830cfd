using NetDiscovery.Relay.Listeners.Tls;

namespace NetDiscovery.Relay.Listeners.Dtls;

/// <summary>What DTLS may hold in the whole relay, and for how long; with the counters of what was refused. Shared by all workers.</summary>
/// <param name="Associations">Associations at once, handshakes included.</param>
/// <param name="Handshakes">Handshakes under way at once; TLS counts here too.</param>
/// <param name="HandshakeTicks">Ticks a handshake may take.</param>
/// <param name="IdleTicks">Ticks an association without an allocation may stay silent.</param>
/// <param name="Counters">What became of DTLS handshakes.</param>
internal sealed record DtlsLimits(ConnectionLimits Associations, ConnectionLimits Handshakes, long HandshakeTicks, long IdleTicks, HandshakeCounters Counters);
