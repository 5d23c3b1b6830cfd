using NetDiscovery.Grains.Interfaces.Tenants;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Tenants;

/// <inheritdoc cref="ITenantFeedGrain"/>
[GrainType("tenant-feed"), StatelessWorker, Reentrant]
public sealed class TenantFeedGrain(ITenantFeed feed) : Grain, ITenantFeedGrain
{
    public Task<TenantFeedPage> ReadAsync(long after, int limit) => feed.ReadAsync(after, Math.Clamp(limit, 1, 500));
}
