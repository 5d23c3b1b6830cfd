using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Allocations;

/// <inheritdoc cref="IAllocationQueryGrain"/>
[GrainType("allocation-query"), StatelessWorker, Reentrant]
public sealed class AllocationQueryGrain(IAllocationIndex index, TimeProvider time) : Grain, IAllocationQueryGrain
{
    public async Task<ImmutableArray<Allocation>> ListLiveAsync(TenantId? tenant, SessionId? session, AllocationId? after, int limit) =>
        [.. await index.ListLiveAsync(tenant, session, after, Math.Clamp(limit, 1, 1_000), time.GetUtcNow() - LostAllocation.Grace)];
}
