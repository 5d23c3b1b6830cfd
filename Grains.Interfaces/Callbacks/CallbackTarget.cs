using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Interfaces.Callbacks;

/// <summary>Where a tenant's events go, and what signs them.</summary>
/// <param name="EventUrl">Receives events that name no URL of their own; null = nobody does.</param>
/// <param name="Secrets">Newest first; each of them signs.</param>
[GenerateSerializer, Immutable, Alias("CallbackTarget")]
public sealed record CallbackTarget(
    [property: Id(0)] string? EventUrl,
    [property: Id(1)] ImmutableArray<SigningKey> Secrets);
