using System.Collections.Immutable;

namespace NetDiscovery.Grains.Tenants;

/// <summary>The relays that hold a tenant's snapshot, stored so that a revocation reaches them after the silo that served them has died.</summary>
[GenerateSerializer, Immutable, Alias("TenantSubscribersState")]
public sealed record TenantSubscribersState
{
    /// <summary>By relay id, the time until which the relay wants to hear of changes.</summary>
    [Id(0)] public ImmutableSortedDictionary<string, DateTimeOffset> Until { get; init; } = ImmutableSortedDictionary<string, DateTimeOffset>.Empty;
}
