using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Usage;

/// <inheritdoc cref="IUsageQueryGrain"/>
[GrainType("usage-query"), StatelessWorker, Reentrant]
public sealed class UsageQueryGrain(IUsageLedger ledger) : Grain, IUsageQueryGrain
{
    public Task<UsagePage> QueryAsync(UsageQuery query) =>
        ledger.QueryAsync(query with { Offset = Math.Max(0, query.Offset), Limit = Math.Clamp(query.Limit, 1, 1_000) });

    public async Task<ImmutableArray<LedgerRow>> ExportAsync(TenantId? tenant, long after, int limit) =>
        [.. await ledger.ExportAsync(tenant, after, Math.Clamp(limit, 1, 10_000))];
}
