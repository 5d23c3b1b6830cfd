using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Client;

/// <summary>What an Allocate gave (RFC 8656 §7.3).</summary>
/// <param name="Relayed">The relayed transport address.</param>
/// <param name="AdditionalRelayed">The one of the other family, when ADDITIONAL-ADDRESS-FAMILY was granted; else the default.</param>
/// <param name="Mapped">The client's address as the server sees it.</param>
/// <param name="LifetimeSeconds">Granted seconds.</param>
/// <param name="ReservationToken">For the next port, when reserved.</param>
/// <param name="MobilityTicket">When asked for and granted; else empty.</param>
/// <param name="AdditionalErrorCode">Why the additional family was refused, or 0.</param>
public sealed record AllocateResult(
    TransportAddress Relayed,
    TransportAddress AdditionalRelayed,
    TransportAddress Mapped,
    uint LifetimeSeconds,
    ulong? ReservationToken,
    ReadOnlyMemory<byte> MobilityTicket,
    int AdditionalErrorCode);
