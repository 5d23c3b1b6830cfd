using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Usage;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>The ledger as grains see it: batches of all grains of the silo merged into few statements.</summary>
public sealed class UsageCommitQueue : IUsageLedger
{
    /// <summary>Rows in one statement: beyond it the cost of a row no longer falls.</summary>
    public const int MaxRows = 1_000;

    private static readonly GroupCommitLimits Limits = new("usage", MaxRows, MaxWaitingRows: 50_000, Linger: TimeSpan.FromMilliseconds(4));

    private readonly IUsageStore store;
    private readonly GroupCommit<IReadOnlyList<UsageReport>, bool> commits;

    /// <summary>Puts a queue before <paramref name="store"/>.</summary>
    public UsageCommitQueue(IUsageStore store, StorageMetrics metrics, TimeProvider time)
    {
        this.store = store;
        commits = new(Limits, call => call.Count, _ => null, CommitAsync, metrics, time);
    }

    /// <inheritdoc/>
    public Task ApplyAsync(IReadOnlyList<UsageReport> reports) => reports.Count == 0 ? Task.CompletedTask : commits.AddAsync(reports);

    /// <inheritdoc/>
    public Task<UsagePage> QueryAsync(UsageQuery query) => store.QueryAsync(query);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LedgerRow>> ExportAsync(TenantId? tenant, long after, int limit) => store.ExportAsync(tenant, after, limit);

    private async Task<IReadOnlyList<bool>> CommitAsync(IReadOnlyList<IReadOnlyList<UsageReport>> calls)
    {
        await store.ApplyAsync(calls.Count == 1 ? calls[0] : [.. calls.SelectMany(call => call)]);
        return new bool[calls.Count];
    }
}
