namespace NetDiscovery.Relay.Client;

/// <summary>What a Refresh gave (RFC 8656 §8, RFC 8016 §3.2).</summary>
/// <param name="LifetimeSeconds">Granted seconds; 0 after a deletion.</param>
/// <param name="MobilityTicket">The new ticket, or empty.</param>
public sealed record RefreshResult(uint LifetimeSeconds, ReadOnlyMemory<byte> MobilityTicket);
