using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Tenants;

/// <inheritdoc cref="ITenantQueryGrain"/>
[GrainType("tenant-query"), StatelessWorker, Reentrant]
public sealed class TenantQueryGrain(ITenantIndex index) : Grain, ITenantQueryGrain
{
    public async Task<ImmutableArray<Tenant>> ListAsync(TenantId? parent, TenantId? after, int limit) =>
        [.. await index.ListAsync(parent, after, Math.Clamp(limit, 1, 1_000))];
}
