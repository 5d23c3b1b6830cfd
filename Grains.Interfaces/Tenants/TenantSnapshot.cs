using System.Collections.Immutable;

namespace NetDiscovery.Grains.Interfaces.Tenants;

/// <summary>All that relay and gateway need to know of a tenant to work without asking. Immutable; replaced whole when <see cref="Version"/> grows.</summary>
/// <param name="Id">The tenant.</param>
/// <param name="Version">Grows with each change of anything in the snapshot.</param>
/// <param name="Status">The status in effect, the parent's included. Only an active tenant authenticates.</param>
/// <param name="SigningKeys">Keys that tokens may be signed with, newest first; minting uses the first, checking accepts all.</param>
/// <param name="Discovery">The discovery configuration.</param>
/// <param name="RevokedTokens">Tokens revoked before their expiry.</param>
/// <param name="RevokedLabels">Labels whose tokens are revoked, with the time up to which they count: a token issued later is good.</param>
[GenerateSerializer, Immutable, Alias("TenantSnapshot")]
public sealed record TenantSnapshot(
    [property: Id(0)] TenantId Id,
    [property: Id(1)] long Version,
    [property: Id(2)] TenantStatus Status,
    [property: Id(3)] ImmutableArray<SigningKey> SigningKeys,
    [property: Id(4)] DiscoveryConfiguration Discovery,
    [property: Id(5)] ImmutableArray<TokenId> RevokedTokens,
    [property: Id(6)] ImmutableSortedDictionary<string, DateTimeOffset> RevokedLabels)
{
    /// <summary>Credentials of devices that can't fetch tokens.</summary>
    [Id(7)] public ImmutableArray<StaticCredential> Credentials { get; init; } = [];

    /// <summary>Secrets for the REST form of credentials, newest first; a password under any of them is good. The secret is its text's bytes.</summary>
    [Id(8)] public ImmutableArray<SigningKey> SharedSecrets { get; init; } = [];

    /// <summary>Version of what the tenant configured: the same number means the same in every region. Versions of limits are these.</summary>
    [Id(9)] public long Revision { get; init; }
}

/// <summary>One version of a tenant's key for signing tokens.</summary>
/// <param name="Version">1 and up; named in every token.</param>
/// <param name="Secret">32 random bytes. Never logged.</param>
/// <param name="CreatedAt">When the key was made.</param>
[GenerateSerializer, Immutable, Alias("SigningKey")]
public sealed record SigningKey(
    [property: Id(0)] uint Version,
    [property: Id(1)] byte[] Secret,
    [property: Id(2)] DateTimeOffset CreatedAt)
{
    /// <summary>Names the version only: the secret must not reach a log by way of string formatting.</summary>
    public override string ToString() => $"SigningKey {{ Version = {Version} }}";
}
