using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.Usage;

namespace NetDiscovery.Grains.Tests.Usage;

public sealed class UsageGrainTests(GrainCluster cluster)
{
    private readonly TenantId tenant = TenantId.New();

    [Fact]
    public async Task Reports_that_come_while_the_ledger_is_busy_go_in_together_in_order_and_once()
    {
        var ledger = new FakeLedger();
        var hold = ledger.Hold();
        var grain = new UsageGrain(ledger);
        var (a, b) = (Guid.NewGuid(), Guid.NewGuid());
        var all = new List<Task> { grain.RecordAsync([Report(a, 1, 10)]) };
        for (var i = 2; i <= 50; i++)
        {
            all.Add(grain.RecordAsync([Report(a, i, i * 10)]));
            all.Add(grain.RecordAsync([Report(a, i, i * 10), Report(b, i, i)]));
        }

        hold.SetResult();
        await Task.WhenAll(all).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal([1, 98], ledger.Calls);
        Assert.Equal(550, ledger.Total(tenant).BytesToPeer);
    }

    [Fact]
    public async Task Calls_of_the_ledger_hold_at_most_1000_reports()
    {
        var ledger = new FakeLedger();
        var hold = ledger.Hold();
        var grain = new UsageGrain(ledger);
        var all = Enumerable.Range(0, 11).Select(_ => grain.RecordAsync([.. Enumerable.Range(0, 300).Select(_ => Report(Guid.NewGuid(), 1, 1))])).ToList();
        hold.SetResult();
        await Task.WhenAll(all).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal([300, 900, 900, 900, 300], ledger.Calls);
        Assert.Throws<ArgumentException>(() => { _ = grain.RecordAsync([.. Enumerable.Repeat(Report(Guid.NewGuid(), 1, 1), 1_001)]); });
    }

    [Fact]
    public async Task A_failed_call_fails_those_in_it_and_the_next_goes_on()
    {
        var source = Guid.NewGuid();
        var grain = cluster.Grain<IUsageGrain>(GrainKeys.Usage(tenant, source));
        cluster.Ledger.FailNext(source);
        await Assert.ThrowsAsync<IOException>(() => grain.RecordAsync([Report(source, 1, 5)]));
        await grain.RecordAsync([Report(source, 1, 5)]);
        await grain.RecordAsync([Report(source, 1, 5)]);
        await grain.RecordAsync([]);
        Assert.Equal(5, cluster.Ledger.Total(tenant).BytesToPeer);
    }

    [Fact]
    public async Task Concurrent_copies_through_the_cluster_count_once()
    {
        var sources = Enumerable.Range(0, 40).Select(_ => Guid.NewGuid()).ToList();
        await Task.WhenAll(sources.SelectMany(source => Enumerable.Range(1, 5).SelectMany(sequence => Enumerable.Range(0, 3).Select(
            _ => cluster.Grain<IUsageGrain>(GrainKeys.Usage(tenant, source)).RecordAsync([Report(source, sequence, sequence * 100)])))));
        Assert.Equal(40 * 500, cluster.Ledger.Total(tenant).BytesToPeer);
    }

    [Fact]
    public async Task Queries_reach_the_ledger_within_their_limits()
    {
        var query = cluster.Silos.Client.GetGrain<IUsageQueryGrain>(0);
        var asked = new UsageQuery(tenant, null, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1), UsageGranularity.Hour, UsageGroups.None, -5, 5_000);
        var row = Assert.Single((await query.QueryAsync(asked)).Rows);
        Assert.Equal((1_000L, 0L, tenant), (row.Totals.Tokens, row.Totals.Sessions, row.Tenant!.Value));
        var exported = Assert.Single(await query.ExportAsync(tenant, 41, 0));
        Assert.Equal((42L, 1L), (exported.Cursor, exported.Totals.Tokens));
    }

    private UsageReport Report(Guid source, long sequence, long bytes) => new(
        source, sequence, new UsageKeys(tenant, "", "", "eu", "relay", "udp"), new UsageTotals { BytesToPeer = bytes }, DateTimeOffset.UnixEpoch);
}
