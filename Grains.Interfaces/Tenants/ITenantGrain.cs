using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Callbacks;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Interfaces.Tenants;

/// <summary>One tenant: account, keys, signing keys, discovery configuration. Every change is stored before the answer. Key: <see cref="GrainKeys.Tenant"/>.</summary>
/// <remarks>Outside of the control region it is a copy: changes throw <see cref="ControlRegionRequiredException"/>.</remarks>
[Alias("tenant"), GrainInterfaceType("tenant")]
public interface ITenantGrain : IGrainWithStringKey
{
    /// <summary>Makes the tenant; repeating the same request answers the same.</summary>
    /// <returns>Null when a tenant of this id exists with another auth token, or when the parent does not exist or is not active.</returns>
    [Alias("create")]
    Task<Tenant?> CreateAsync(CreateTenant request);

    /// <returns>The tenant with its status in effect, or null when there is none of this id.</returns>
    [Alias("get"), AlwaysInterleave]
    Task<Tenant?> GetAsync();

    /// <summary>Checks a secret in constant time against the auth token (<paramref name="key"/> null) or the named API key.</summary>
    /// <param name="key">The API key, or null for the auth token.</param>
    /// <param name="secretHash">SHA-256 of the presented secret's UTF-8 text.</param>
    /// <returns>The tenant, whatever its status, or null when the secret is wrong or there is no such tenant or key.</returns>
    [Alias("authenticate"), AlwaysInterleave]
    Task<Tenant?> AuthenticateAsync(ApiKeyId? key, byte[] secretHash);

    /// <summary>
    /// Changes the tenant's own status. Relays hear of it and end live allocations of a tenant that is no longer active; sub-accounts
    /// take it over before the answer. When it throws, some sub-accounts may not have heard yet: send the same again.
    /// </summary>
    [Alias("set-status")]
    Task<TenantChange> SetStatusAsync(TenantStatus status);

    /// <summary>Called by the parent's grain when its status in effect has changed: the sub-account reads it there and tells its own sub-accounts and relays.</summary>
    [Alias("parent-changed")]
    Task ParentChangedAsync();

    /// <summary>Adds an API key; the caller chooses id and secret, so repeating is safe.</summary>
    /// <param name="id">The new key's id.</param>
    /// <param name="name">1 to 64 characters.</param>
    /// <param name="secretHash">SHA-256 of the secret's UTF-8 text.</param>
    /// <returns><see cref="TenantChange.Done"/> with the key; <see cref="TenantChange.Conflict"/> when the id is taken by another key; <see cref="TenantChange.LimitReached"/> at 1,000 keys.</returns>
    [Alias("add-key")]
    Task<ApiKeyChange> AddKeyAsync(ApiKeyId id, string name, byte[] secretHash);

    /// <returns>False when there was no such key.</returns>
    [Alias("remove-key")]
    Task<bool> RemoveKeyAsync(ApiKeyId id);

    /// <summary>Gives an API key another name.</summary>
    /// <param name="id">The key.</param>
    /// <param name="name">1 to 64 characters.</param>
    /// <returns>The key; null when there is none of this id.</returns>
    [Alias("rename-key")]
    Task<ApiKey?> RenameKeyAsync(ApiKeyId id, string name);

    /// <returns>The tenant's API keys, oldest first.</returns>
    [Alias("list-keys"), AlwaysInterleave]
    Task<ImmutableArray<ApiKey>> ListKeysAsync();

    /// <summary>Makes a new signing key; older versions stay good for checking until every token they signed has expired (48 hours), or until 16 newer ones exist.</summary>
    /// <returns>The version in use now; 0 when there is no such tenant or it is closed.</returns>
    [Alias("rotate-signing-key")]
    Task<uint> RotateSigningKeyAsync();

    /// <summary>Adds a static credential; the caller chooses id and password, so repeating is safe.</summary>
    /// <returns><see cref="TenantChange.Conflict"/> when the id or the username is taken by another; <see cref="TenantChange.LimitReached"/> at 1,000.</returns>
    [Alias("add-credential")]
    Task<TenantChange> AddCredentialAsync(StaticCredential credential);

    /// <summary>Removes a static credential; its allocations end.</summary>
    /// <returns>False when there was none.</returns>
    [Alias("remove-credential")]
    Task<bool> RemoveCredentialAsync(TokenId id);

    /// <returns>The tenant's static credentials, oldest first.</returns>
    [Alias("list-credentials"), AlwaysInterleave]
    Task<ImmutableArray<StaticCredential>> ListCredentialsAsync();

    /// <summary>Puts a new shared secret for REST-form credentials in front; the one before stays good for 48 hours. The caller chooses it, so repeating is safe.</summary>
    /// <param name="secret">Bytes of its text.</param>
    /// <returns>Its version; 0 when there is no such tenant or it is closed.</returns>
    [Alias("rotate-shared-secret")]
    Task<uint> RotateSharedSecretAsync(byte[] secret);

    /// <summary>Puts a new secret that signs callbacks in front; the one before signs beside it for 48 hours. The caller chooses it, so repeating is safe.</summary>
    /// <param name="secret">32 bytes.</param>
    /// <returns>Its version; 0 when there is no such tenant or it is closed.</returns>
    [Alias("rotate-callback-secret")]
    Task<uint> RotateCallbackSecretAsync(byte[] secret);

    /// <summary>Makes a secret that signs callbacks when there is none.</summary>
    [Alias("ensure-callback-secret")]
    Task EnsureCallbackSecretAsync();

    /// <returns>Where events go and what signs them; null when there is no such tenant or it is closed.</returns>
    [Alias("get-callback-target"), AlwaysInterleave]
    Task<CallbackTarget?> GetCallbackTargetAsync();

    /// <returns>The discovery configuration, or null when there is no such tenant.</returns>
    [Alias("get-discovery"), AlwaysInterleave]
    Task<DiscoveryConfiguration?> GetDiscoveryAsync();

    /// <summary>Replaces the discovery configuration. The caller has validated it. An equal configuration is stored already: its version stays.</summary>
    /// <param name="configuration">The new configuration; its version is ignored.</param>
    /// <param name="expectedVersion">The version it replaces, or null to replace any.</param>
    [Alias("put-discovery")]
    Task<DiscoveryChange> PutDiscoveryAsync(DiscoveryConfiguration configuration, long? expectedVersion);

    /// <summary>Revokes one token until <paramref name="expiresAt"/>, after which it is dead anyway. At most 10,000 at a time.</summary>
    [Alias("revoke-token")]
    Task<TenantChange> RevokeTokenAsync(TokenId token, DateTimeOffset expiresAt);

    /// <summary>Revokes one token in this region alone, where alone it is good: that of a session. Needs no other region.</summary>
    [Alias("revoke-here")]
    Task<TenantChange> RevokeHereAsync(TokenId token, DateTimeOffset expiresAt);

    /// <summary>Revokes every token of <paramref name="label"/> issued up to now. At most 10,000 labels in 48 hours.</summary>
    [Alias("revoke-label")]
    Task<TenantChange> RevokeLabelAsync(string label);

    /// <summary>The snapshot relays and gateways work from.</summary>
    /// <param name="subscriberRelayId">A relay that wants to hear of changes through its relay grain for the next hour; null for none.</param>
    /// <returns>Null when there is no such tenant.</returns>
    [Alias("get-snapshot"), AlwaysInterleave]
    Task<TenantSnapshot?> GetSnapshotAsync(string? subscriberRelayId);

    /// <summary>Takes over the tenant as the control region has it, when that is newer. Relays hear of it.</summary>
    /// <returns>False in the control region itself, where nothing is taken over.</returns>
    [Alias("replicate")]
    Task<bool> ReplicateAsync(TenantReplica replica);
}

/// <summary>Finds the tenant an API key belongs to. Key: <see cref="GrainKeys.ApiKey"/>.</summary>
[Alias("api-key"), GrainInterfaceType("api-key")]
public interface IApiKeyGrain : IGrainWithStringKey
{
    /// <summary>Binds the key to a tenant; called by the tenant grain before the key is usable.</summary>
    /// <returns>False when the key belongs to another tenant.</returns>
    [Alias("bind")]
    Task<bool> BindAsync(TenantId tenant);

    /// <summary>Forgets the key if it belongs to <paramref name="tenant"/>.</summary>
    [Alias("unbind")]
    Task UnbindAsync(TenantId tenant);

    /// <returns>The tenant, or null when the key is unknown.</returns>
    [Alias("get-tenant")]
    Task<TenantId?> GetTenantAsync();
}

/// <summary>Lists tenants from the store. Stateless: any key, one activation per silo as needed; use key 0.</summary>
[Alias("tenant-query"), GrainInterfaceType("tenant-query")]
public interface ITenantQueryGrain : IGrainWithIntegerKey
{
    /// <param name="parent">Only sub-accounts of this tenant; null for all.</param>
    /// <param name="after">Cursor: the last id of the page before; null for the first page.</param>
    /// <param name="limit">Page size, 1 to 1,000.</param>
    /// <returns>Tenants in order of id; one page.</returns>
    [Alias("list"), ResponseTimeout(CallTimeouts.Reading)]
    Task<ImmutableArray<Tenant>> ListAsync(TenantId? parent, TenantId? after, int limit);
}

/// <summary>How a change of a tenant ended.</summary>
[GenerateSerializer, Alias("TenantChange")]
public enum TenantChange
{
    /// <summary>Stored; relays are being told.</summary>
    Done,

    /// <summary>There is no such tenant.</summary>
    NotFound,

    /// <summary>The tenant is closed, which is final.</summary>
    Closed,

    /// <summary>The id is taken by something else; nothing changed.</summary>
    Conflict,

    /// <summary>The tenant has as many of these as it may have; nothing changed.</summary>
    LimitReached,
}

/// <summary>How adding an API key ended.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="Key">The key when <see cref="TenantChange.Done"/>; otherwise null.</param>
[GenerateSerializer, Immutable, Alias("ApiKeyChange")]
public sealed record ApiKeyChange(
    [property: Id(0)] TenantChange Outcome,
    [property: Id(1)] ApiKey? Key);

/// <summary>How a change of the discovery configuration ended.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="Configuration">The configuration in force now; null when there is no such tenant.</param>
[GenerateSerializer, Immutable, Alias("DiscoveryChange")]
public sealed record DiscoveryChange(
    [property: Id(0)] DiscoveryChangeOutcome Outcome,
    [property: Id(1)] DiscoveryConfiguration? Configuration);

/// <summary>See <see cref="DiscoveryChange"/>.</summary>
[GenerateSerializer, Alias("DiscoveryChangeOutcome")]
public enum DiscoveryChangeOutcome
{
    /// <summary>Stored as the next version.</summary>
    Stored,

    /// <summary>Another version is in force than the one expected; nothing changed.</summary>
    VersionConflict,

    /// <summary>There is no such tenant.</summary>
    NotFound,

    /// <summary>The tenant is closed, which is final.</summary>
    Closed,
}
