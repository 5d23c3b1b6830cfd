namespace NetDiscovery.Grains.Interfaces.Tenants;

/// <summary>Whether a tenant may use the platform.</summary>
[GenerateSerializer, Alias("TenantStatus")]
public enum TenantStatus
{
    /// <summary>May mint tokens and relay.</summary>
    Active,

    /// <summary>Authenticates nowhere, relays nothing, keeps its data; can be made active again.</summary>
    Suspended,

    /// <summary>As suspended, for ever.</summary>
    Closed,
}

/// <summary>A tenant as the API shows it. Holds no secret.</summary>
/// <param name="Id">The tenant.</param>
/// <param name="Name">1 to 64 characters.</param>
/// <param name="Status">The status in effect: a sub-account is never more active than its parent, whatever its own status is.</param>
/// <param name="Parent">The tenant this one is a sub-account of.</param>
/// <param name="CreatedAt">When it was made.</param>
[GenerateSerializer, Immutable, Alias("Tenant")]
public sealed record Tenant(
    [property: Id(0)] TenantId Id,
    [property: Id(1)] string Name,
    [property: Id(2)] TenantStatus Status,
    [property: Id(3)] TenantId? Parent,
    [property: Id(4)] DateTimeOffset CreatedAt);

/// <summary>What makes a tenant. Safe to repeat: the caller chooses id and secret, and a second identical call answers as the first.</summary>
/// <param name="Name">1 to 64 characters.</param>
/// <param name="Parent">The tenant this one is a sub-account of.</param>
/// <param name="AuthTokenHash">SHA-256 of the auth token's UTF-8 text; the token itself never leaves the gateway.</param>
[GenerateSerializer, Immutable, Alias("CreateTenant")]
public sealed record CreateTenant(
    [property: Id(0)] string Name,
    [property: Id(1)] TenantId? Parent,
    [property: Id(2)] byte[] AuthTokenHash);

/// <summary>An API key as the API lists it; its secret is known to its owner alone.</summary>
[GenerateSerializer, Immutable, Alias("ApiKey")]
public sealed record ApiKey(
    [property: Id(0)] ApiKeyId Id,
    [property: Id(1)] string Name,
    [property: Id(2)] DateTimeOffset CreatedAt);
