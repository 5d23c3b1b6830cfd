using NetDiscovery.Grains.Interfaces.Addresses;

namespace NetDiscovery.Grains.Interfaces.Sessions;

/// <summary>
/// An authenticated Binding of a session's endpoint over UDP, as a relay saw it. Two of them that came to different addresses within seconds tell how the
/// endpoint's NAT maps (RFC 5780 §4.3). A hint: relays say a few for each endpoint and minute, and those that can't be delivered are lost.
/// </summary>
/// <param name="Tenant">Whose credential it was.</param>
/// <param name="Session">The session the credential names.</param>
/// <param name="Endpoint">The session's endpoint the credential names.</param>
/// <param name="Client">Where it came from: the mapping the NAT chose.</param>
/// <param name="Server">Where it was sent to, as clients see it.</param>
[GenerateSerializer, Immutable, Alias("BindingObserved")]
public sealed record BindingObserved(
    [property: Id(0)] TenantId Tenant,
    [property: Id(1)] SessionId Session,
    [property: Id(2)] string Endpoint,
    [property: Id(3)] TransportAddress Client,
    [property: Id(4)] TransportAddress Server);
