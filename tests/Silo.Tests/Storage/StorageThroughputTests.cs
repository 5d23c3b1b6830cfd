using System.Diagnostics;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Storage.Allocations;
using NetDiscovery.Silo.Storage.Usage;
using NetDiscovery.Silo.Tests.Storage.Allocations;
using NetDiscovery.Silo.Tests.Storage.Usage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage;

/// <summary>Writes as fast as it goes for a second, prints rows per second (a look, not a budget), and checks that every row arrived.</summary>
[Collection(AssemblyFixtures.Heavy)]
public sealed class StorageThroughputTests(PostgresServer server)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    private readonly TenantId tenant = TenantId.New();
    private long rows;

    [Theory]
    [InlineData(StorageProvider.Sqlite, 64, 1), InlineData(StorageProvider.Sqlite, 8, 250)]
    [InlineData(StorageProvider.PostgreSql, 64, 1), InlineData(StorageProvider.PostgreSql, 8, 250)]
    public async Task Ledger(StorageProvider engine, int callers, int reportsPerCall)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = new UsageCommitQueue(database.Ledger(new FixedTime(Report.Hour)), database.Metrics, TimeProvider.System);
        var keys = Report.Keys(tenant);

        await RunAsync($"ledger, {engine}, {callers} callers with {reportsPerCall} reports each", callers, async (_, round, sources) =>
        {
            await ledger.ApplyAsync([.. sources.Select(source => Report.At(Report.Hour, source, round, keys, round * 100))]);
            return sources.Length;
        }, () => [.. Enumerable.Range(0, reportsPerCall).Select(_ => Guid.NewGuid())]);

        var page = await ledger.QueryAsync(Report.Query(Report.Hour, Report.Hour.AddHours(1)));
        Assert.Equal(rows * 100, page.Rows.Single().Totals.BytesFromClient);
    }

    [Theory, InlineData(StorageProvider.Sqlite, 256), InlineData(StorageProvider.PostgreSql, 256), InlineData(StorageProvider.PostgreSql, 2000)]
    public async Task Allocation_states(StorageProvider engine, int writers)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var storage = new AllocationGrainStorage(database.Allocations(), database.Metrics, TimeProvider.System);
        var ids = TestAllocation.Ids(writers);
        var states = ids.Select(id => new GrainState<AllocationState> { State = TestAllocation.State(id, tenant) }).ToArray();

        await RunAsync($"allocation states, {engine}, {writers} writers", writers, async (writer, round, _) =>
        {
            await storage.WriteStateAsync("allocation", GrainId.Create("allocation", GrainKeys.Allocation(ids[writer])), states[writer]);
            return 1;
        }, () => []);

        Assert.Equal(rows, await database.ScalarAsync<long>("SELECT sum(version) FROM allocation_state"));
    }

    private async Task RunAsync(string name, int callers, Func<int, long, Guid[], Task<int>> call, Func<Guid[]> sources)
    {
        using var end = new CancellationTokenSource();
        var tasks = Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var own = sources();
            for (var round = 1L; !end.IsCancellationRequested; round++)
            {
                Interlocked.Add(ref rows, await call(caller, round, own));
            }
        })).ToArray();
        await Task.Delay(WarmUp);
        var (before, started) = (Interlocked.Read(ref rows), Stopwatch.GetTimestamp());
        await Task.Delay(Window);
        var perSecond = (Interlocked.Read(ref rows) - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
        await end.CancelAsync();
        await Task.WhenAll(tasks);
        TestContext.Current.TestOutputHelper!.WriteLine($"{name}: {perSecond:N0} rows/s");
    }
}
