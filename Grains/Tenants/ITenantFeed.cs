using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Tenants;

/// <summary>Port to the store: changes of tenants in order. The store notes a change in the statement that stores it.</summary>
public interface ITenantFeed
{
    /// <inheritdoc cref="ITenantFeedGrain.ReadAsync"/>
    Task<TenantFeedPage> ReadAsync(long after, int limit);
}
