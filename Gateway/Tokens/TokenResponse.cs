namespace NetDiscovery.Gateway.Tokens;

/// <summary>A token: everything a client needs to use STUN and TURN.</summary>
/// <param name="Id"><c>TK</c> and 32 hexadecimal digits: what is revoked.</param>
/// <param name="Username">TURN username.</param>
/// <param name="Credential">TURN password.</param>
/// <param name="TtlSeconds">Lifetime in seconds.</param>
/// <param name="ExpiresAt">When it ends, with every allocation made by it.</param>
/// <param name="Region">The region of the relays.</param>
/// <param name="RegionReason">Why that region.</param>
/// <param name="IceServers">For <c>RTCConfiguration</c>.</param>
public sealed record TokenResponse(
    string Id, string Username, string Credential, int TtlSeconds, DateTimeOffset ExpiresAt, string Region, string RegionReason, IceServer[] IceServers);
