using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Grains.Interfaces.Credentials;

/// <summary>What a minted TURN username says. Whoever holds it can read it; nobody without the tenant's signing key can use a changed one, because the password is an HMAC of it.</summary>
[GenerateSerializer, Immutable, Alias("CredentialClaims")]
public sealed record CredentialClaims
{
    /// <summary>The tenant that pays.</summary>
    [Id(0)] public required TenantId Tenant { get; init; }

    /// <summary>The version of the tenant's signing key.</summary>
    [Id(1)] public required uint KeyVersion { get; init; }

    /// <summary>What is revoked.</summary>
    [Id(2)] public required TokenId Token { get; init; }

    /// <summary>Issue time, whole seconds.</summary>
    [Id(3)] public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>Expiry, whole seconds: no request is authenticated and no allocation lives after it.</summary>
    [Id(4)] public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The session the token was made for, if any.</summary>
    [Id(5)] public SessionId? Session { get; init; }

    /// <summary>The session's endpoint the token was made for; at most 64 UTF-8 bytes.</summary>
    [Id(6)] public string? Endpoint { get; init; }

    /// <summary>The tenant's own tag, for usage and revocation; at most 64 UTF-8 bytes.</summary>
    [Id(7)] public string? Label { get; init; }

    /// <summary>What the token is limited to.</summary>
    [Id(8)] public CredentialScopes Scopes { get; init; } = CredentialScopes.None;
}

/// <summary>Limits carried by one token; the tenant's own limits hold beside them.</summary>
[GenerateSerializer, Immutable, Alias("CredentialScopes")]
public sealed record CredentialScopes
{
    /// <summary>No limits.</summary>
    public static CredentialScopes None { get; } = new();

    /// <summary>Peers the token may reach, as CIDR blocks, at most 8; empty = any the tenant may.</summary>
    [Id(0)] public ImmutableArray<string> Peers { get; init; } = [];

    /// <summary>Allocations alive at once with this token, 1 to 65,535.</summary>
    [Id(1)] public int? MaxAllocations { get; init; }

    /// <summary>Bits per second for each allocation and direction, 1,000 and up.</summary>
    [Id(2)] public long? BitsPerSecond { get; init; }

    /// <summary>The only address (CIDR block) the client may come from.</summary>
    [Id(3)] public string? SourceAddress { get; init; }

    /// <summary>Regions the token is good in, at most 8; empty = any the tenant may use.</summary>
    [Id(4)] public ImmutableArray<string> Regions { get; init; } = [];

    /// <summary>True when nothing is limited.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsEmpty => Peers.IsDefaultOrEmpty && MaxAllocations is null && BitsPerSecond is null && SourceAddress is null && Regions.IsDefaultOrEmpty;
}
