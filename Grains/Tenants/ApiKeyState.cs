using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Grains.Tenants;

/// <summary>Whose an API key is.</summary>
[GenerateSerializer, Immutable, Alias("ApiKeyState")]
public sealed record ApiKeyState
{
    /// <summary>The tenant; null = unknown key.</summary>
    [Id(0)] public TenantId? Tenant { get; init; }
}
