using System.Collections.Concurrent;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Usage;

namespace NetDiscovery.Grains.Tests.Cluster;

/// <summary>The ledger in memory: books differences once, refuses calls that break its contract, fails when told to.</summary>
public sealed class FakeLedger : IUsageLedger
{
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, UsageReport> last = [];
    private readonly List<UsageReport> accepted = [];
    private readonly List<int> calls = [];
    private readonly Dictionary<Guid, int> failures = [];
    private TaskCompletionSource? hold;

    /// <summary>The next calls that carry a report of this source fail as a whole.</summary>
    public void FailNext(Guid source, int count = 1)
    {
        lock (gate)
            failures[source] = count;
    }

    /// <summary>Calls wait from now on until the result is released.</summary>
    public TaskCompletionSource Hold()
    {
        lock (gate)
            return hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Reports that counted, in order.</summary>
    public IReadOnlyList<UsageReport> Accepted(Guid source)
    {
        lock (gate)
            return [.. accepted.Where(report => report.SourceId == source)];
    }

    /// <summary>What the ledger says of a tenant: the sum of its sources' last totals.</summary>
    public UsageTotals Total(TenantId tenant)
    {
        lock (gate)
            return last.Values.Where(report => report.Keys.Tenant == tenant).Aggregate(default(UsageTotals), (sum, report) => sum + report.Totals);
    }

    /// <summary>Sizes of the calls so far.</summary>
    public IReadOnlyList<int> Calls
    {
        get
        {
            lock (gate)
                return [.. calls];
        }
    }

    public async Task ApplyAsync(IReadOnlyList<UsageReport> reports)
    {
        TaskCompletionSource? wait;
        lock (gate)
        {
            calls.Add(reports.Count);
            wait = hold;
        }

        if (wait is not null)
            await wait.Task;

        lock (gate)
        {
            if (reports.Count > 1_000)
                throw new InvalidOperationException("More than 1,000 reports in one call.");
            foreach (var source in reports.GroupBy(report => report.SourceId))
            {
                if (source.Zip(source.Skip(1)).Any(pair => pair.First.Sequence >= pair.Second.Sequence))
                    throw new InvalidOperationException("Sequences of a source do not grow within one call.");
                if (failures.TryGetValue(source.Key, out var left) && left > 0)
                {
                    failures[source.Key] = left - 1;
                    throw new IOException("The ledger is down.");
                }
            }

            foreach (var report in reports.Where(report => !last.TryGetValue(report.SourceId, out var known) || known.Sequence < report.Sequence))
            {
                last[report.SourceId] = report;
                accepted.Add(report);
            }
        }
    }

    /// <summary>What questions about a tenant are answered from now on: usage by region and day. Without it the answer shows the question.</summary>
    public ConcurrentDictionary<TenantId, ConcurrentDictionary<(string Region, DateTimeOffset Day), UsageTotals>> Booked { get; } = new();

    public Task<UsagePage> QueryAsync(UsageQuery query) => Task.FromResult(query.Tenant is { } known && Booked.TryGetValue(known, out var booked)
        ? new UsagePage(
            [.. booked.Where(row => row.Key.Day >= query.From && row.Key.Day < query.To).Select(row => new UsageRow(query.From, query.To, query.Tenant, null, null, row.Key.Region, null, null, row.Value))],
            false,
            query.From)
        : new UsagePage(
        [new UsageRow(query.From, query.To, query.Tenant, null, null, null, null, null, new UsageTotals { Tokens = query.Limit, Sessions = query.Offset })],
        false,
        query.From));

    public Task<IReadOnlyList<LedgerRow>> ExportAsync(TenantId? tenant, long after, int limit) => Task.FromResult<IReadOnlyList<LedgerRow>>(
        [new LedgerRow(after + 1, DateTimeOffset.UnixEpoch, new UsageKeys(tenant ?? TenantId.New(), "", "", "", "", ""), new UsageTotals { Tokens = limit })]);
}
