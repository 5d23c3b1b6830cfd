using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Audit;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Audit;

/// <inheritdoc cref="IAuditQueryGrain"/>
[GrainType("audit-query"), StatelessWorker, Reentrant]
public sealed class AuditQueryGrain(IAuditIndex index) : Grain, IAuditQueryGrain
{
    public async Task<ImmutableArray<AuditRow>> ListAsync(AuditQuery query) => [.. await index.ListAsync(query with { Limit = Math.Clamp(query.Limit, 1, 1_000) })];
}
