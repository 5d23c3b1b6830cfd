using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Audit;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Tenants;

/// <summary>All that is stored of one tenant. Immutable: a change makes a new value, which counts once it is stored.</summary>
[GenerateSerializer, Immutable, Alias("TenantState")]
public sealed record TenantState
{
    /// <summary>The tenant as shown, with the status in effect; null = no such tenant.</summary>
    [Id(0)] public Tenant? Tenant { get; init; }

    /// <summary>The tenant's own status. The one in effect also takes the parent's into account.</summary>
    [Id(1)] public TenantStatus OwnStatus { get; init; }

    /// <summary>The parent's status in effect, as last heard; active when there is no parent.</summary>
    [Id(2)] public TenantStatus ParentStatus { get; init; }

    /// <summary>True from a change of status until every sub-account has heard of it.</summary>
    [Id(3)] public bool SubAccountsBehind { get; init; }

    /// <summary>SHA-256 of the auth token.</summary>
    [Id(4)] public byte[] AuthTokenHash { get; init; } = [];

    /// <summary>API keys, oldest first.</summary>
    [Id(5)] public ImmutableArray<StoredApiKey> ApiKeys { get; init; } = [];

    /// <summary>Signing keys, newest first.</summary>
    [Id(6)] public ImmutableArray<SigningKey> SigningKeys { get; init; } = [];

    /// <summary>The discovery configuration.</summary>
    [Id(7)] public DiscoveryConfiguration Discovery { get; init; } = DiscoveryConfiguration.Default;

    /// <summary>Tokens revoked before their expiry, in order of expiry.</summary>
    [Id(8)] public ImmutableArray<RevokedToken> RevokedTokens { get; init; } = [];

    /// <summary>Revoked labels and the time up to which their tokens are revoked.</summary>
    [Id(9)] public ImmutableSortedDictionary<string, DateTimeOffset> RevokedLabels { get; init; } = ImmutableSortedDictionary<string, DateTimeOffset>.Empty;

    /// <summary>Version of the snapshot; grows with each change of anything in it.</summary>
    [Id(10)] public long Version { get; init; }

    /// <summary>Static credentials, oldest first.</summary>
    [Id(11)] public ImmutableArray<StaticCredential> Credentials { get; init; } = [];

    /// <summary>Shared secrets for REST-form credentials, newest first.</summary>
    [Id(12)] public ImmutableArray<SigningKey> SharedSecrets { get; init; } = [];

    /// <summary>Secrets that sign callbacks, newest first. In no snapshot: neither relays nor gateways sign.</summary>
    [Id(13)] public ImmutableArray<SigningKey> CallbackSecrets { get; init; } = [];

    /// <summary>Grows with each change that other regions take over; the store's feed of changes goes by it. 0 in what was stored before there were regions, see <see cref="TenantChanges.RevisionOf"/>.</summary>
    [Id(14)] public long Revision { get; init; }

    /// <summary>Tokens revoked in this region alone, in order of expiry.</summary>
    [Id(15)] public ImmutableArray<RevokedToken> RevokedHere { get; init; } = [];

    /// <summary>What the last change was, for the store: it copies entries that are new to it in the transaction that stores the change.</summary>
    [Id(16)] public ImmutableArray<AuditEntry> Audit { get; init; } = [];
}

/// <summary>An API key and the hash of its secret.</summary>
[GenerateSerializer, Immutable, Alias("StoredApiKey")]
public sealed record StoredApiKey([property: Id(0)] ApiKey Key, [property: Id(1)] byte[] SecretHash);

/// <summary>A token revoked until it would have ended anyway.</summary>
[GenerateSerializer, Immutable, Alias("RevokedToken")]
public sealed record RevokedToken([property: Id(0)] TokenId Token, [property: Id(1)] DateTimeOffset ExpiresAt);
