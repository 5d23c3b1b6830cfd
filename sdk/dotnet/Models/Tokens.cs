namespace NetDiscovery.Client.Models;

/// <summary>What token a client should get; what is null is left to the tenant's configuration.</summary>
public sealed record TokenRequest
{
    /// <summary>Lifetime in seconds, 1 to the tenant's maximum.</summary>
    public int? TtlSeconds { get; init; }

    /// <summary>The tenant's own tag, at most 64 bytes of UTF-8: usage is kept apart by it, and it can be revoked.</summary>
    public string? Label { get; init; }

    /// <summary>The region the relays should be in.</summary>
    public string? Region { get; init; }

    /// <summary>What the token is limited to.</summary>
    public TokenScopes? Scopes { get; init; }
}

/// <summary>Limits of one token; the tenant's own hold beside them.</summary>
public sealed record TokenScopes
{
    /// <summary>Peers it may reach, as address blocks, at most 8; null = any the tenant may.</summary>
    public IReadOnlyList<string>? Peers { get; init; }

    /// <summary>Allocations alive at once.</summary>
    public int? MaxAllocations { get; init; }

    /// <summary>Bits per second for each allocation and direction, 1,000 and up.</summary>
    public long? BitsPerSecond { get; init; }

    /// <summary>The only address or address block the client may come from.</summary>
    public string? SourceAddress { get; init; }

    /// <summary>Regions it is good in, at most 8; null = any the tenant may use.</summary>
    public IReadOnlyList<string>? Regions { get; init; }
}

/// <summary>A token: everything a client needs to use STUN and TURN. Its text form shows no secret.</summary>
/// <param name="Id"><c>TK</c> and 32 hexadecimal digits: what is revoked.</param>
/// <param name="Username">TURN username.</param>
/// <param name="Credential">TURN password.</param>
/// <param name="TtlSeconds">Lifetime in seconds.</param>
/// <param name="ExpiresAt">When it ends, with every allocation made by it.</param>
/// <param name="Region">The region of the relays.</param>
/// <param name="RegionReason">Why that region.</param>
/// <param name="IceServers">For <c>RTCConfiguration</c>.</param>
public sealed record Token(
    string Id, string Username, string Credential, int TtlSeconds, DateTimeOffset ExpiresAt, string Region, string RegionReason, IReadOnlyList<IceServer> IceServers)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Id} until {ExpiresAt:O} in {Region}";
}

/// <summary>One entry of <c>RTCConfiguration.iceServers</c>. Its text form shows no secret.</summary>
/// <param name="Urls">STUN or TURN URIs (RFC 7064, RFC 7065).</param>
/// <param name="Username">TURN username; null for STUN.</param>
/// <param name="Credential">TURN password; null for STUN.</param>
public sealed record IceServer(IReadOnlyList<string> Urls, string? Username = null, string? Credential = null)
{
    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', Urls);
}
