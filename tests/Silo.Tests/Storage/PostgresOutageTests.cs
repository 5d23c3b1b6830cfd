using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Storage.Allocations;
using NetDiscovery.Silo.Storage.Usage;
using NetDiscovery.Silo.Tests.Hosting;
using NetDiscovery.Silo.Tests.Storage.Allocations;
using NetDiscovery.Silo.Tests.Storage.Usage;
using NetDiscovery.TestKit;
using Orleans.Storage;

namespace NetDiscovery.Silo.Tests.Storage;

/// <summary>PostgreSQL goes away under load and comes back: what was acknowledged is there, what was not fails soon and succeeds when sent again.</summary>
[Collection(AssemblyFixtures.Heavy)]
public sealed class PostgresOutageTests
{
    private const int Workers = 12;

    /// <summary>The store's time limits (5 s for grouped writes, 7 s for a grain's state) with room for a busy machine; without them it would be 15 s and more.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(14);

    private readonly TenantId tenant = TenantId.New();
    private readonly FixedTime time = new(Report.Hour);
    private readonly ConcurrentBag<TimeSpan> failures = [];
    private long acknowledged;

    public enum Outage
    {
        Stopped,
        Killed,
        Frozen,
    }

    [Theory, InlineData(Outage.Stopped), InlineData(Outage.Killed), InlineData(Outage.Frozen)]
    public async Task Nothing_acknowledged_is_lost_and_everything_resumes_by_itself(Outage outage)
    {
        await using var server = new PostgresServer { PatientClients = false };
        await using var database = await TestDatabase.CreateAsync(StorageProvider.PostgreSql, server);
        var ledger = new UsageCommitQueue(database.Ledger(time), database.Metrics, TimeProvider.System);
        var allocations = new AllocationGrainStorage(database.Allocations(), database.Metrics, TimeProvider.System);
        using var load = new CancellationTokenSource();
        var reporters = Enumerable.Range(0, Workers).Select(_ => Task.Run(() => ReportAsync(ledger, load.Token))).ToArray();
        var writers = Enumerable.Range(0, Workers).Select(_ => Task.Run(() => WriteAsync(allocations, load.Token))).ToArray();

        await AcknowledgedAsync(200, "work before the outage");
        await TakeAwayAsync(server, outage);
        await Eventually.EventuallyAsync(() => failures.Count >= Workers, TimeSpan.FromSeconds(60), "callers hear that the store is away");
        await BringBackAsync(server, outage);
        await AcknowledgedAsync(Volatile.Read(ref acknowledged) + 200, "work after the outage");
        await load.CancelAsync();

        var expected = (await Task.WhenAll(reporters)).Sum();
        var page = await ledger.QueryAsync(Report.Query(Report.Hour.AddDays(-1), Report.Hour.AddDays(1), UsageGranularity.Day));
        Assert.Equal(expected, page.Rows.Sum(row => row.Totals.BytesFromClient));
        foreach (var (id, expiresAt) in await Task.WhenAll(writers))
        {
            Assert.Equal(expiresAt, (await ReadAsync(allocations, id)).State!.Allocation!.ExpiresAt);
        }

        Assert.All(failures, wait => Assert.InRange(wait, TimeSpan.Zero, LongestWait));
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{outage}: {acknowledged} acknowledged, {failures.Count} failed, the longest after {failures.Max().TotalSeconds:0.0} s");
    }

    [Fact]
    public async Task A_silo_refuses_writes_while_the_database_is_down_says_it_is_not_ready_and_recovers()
    {
        await using var server = new PostgresServer { PatientClients = false };
        await using var database = await TestDatabase.CreateEmptyAsync(StorageProvider.PostgreSql, server);
        await using var silo = await TestSilo.StartAsync(database);
        var grain = silo.Grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant));
        await grain.CreateAsync(new CreateTenant("first", null, new byte[32]));

        await server.StopAsync();
        var started = Stopwatch.GetTimestamp();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => grain.SetStatusAsync(TenantStatus.Suspended));
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, LongestWait);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await silo.ReadyAsync());
        Assert.Equal(TenantStatus.Active, (await grain.GetAsync())!.Status);

        await server.StartAsync();
        await Eventually.EventuallyAsync(async () => await silo.ReadyAsync() == HttpStatusCode.OK, TimeSpan.FromSeconds(60), "the silo is ready again");
        Assert.Equal(TenantChange.Done, await grain.SetStatusAsync(TenantStatus.Suspended));
        Assert.Equal("suspended", await database.ScalarAsync<string>("SELECT status FROM tenants"));
    }

    [Fact]
    public async Task What_the_database_throws_crosses_the_wire_as_an_exception_that_a_gateway_can_read()
    {
        await using var server = new PostgresServer { PatientClients = false };
        await using var database = await TestDatabase.CreateEmptyAsync(StorageProvider.PostgreSql, server);
        (string Name, string Value)[] settings = [("Storage:Provider", "PostgreSql"), ("ConnectionStrings:Storage", database.ConnectionString), ("Region:Name", "north")];
        await using var silo = SiloProcess.Start([.. settings.Select(setting => $"--{setting.Name}={setting.Value}")]);
        await silo.ReadyAsync();
        await using var client = await ClusterClient.ConnectAsync(settings);
        var grain = client.Grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant));
        Assert.Null(await FailureAsync(() => grain.CreateAsync(new CreateTenant("first", null, new byte[32]))));

        await server.StopAsync();
        Assert.IsType<StorageUnavailableException>(await FailureAsync(() => grain.SetStatusAsync(TenantStatus.Suspended)));
        Assert.IsType<StorageUnavailableException>(await FailureAsync(() => client.Grains.GetGrain<ITenantQueryGrain>(0).ListAsync(null, null, 10)));

        // A grain whose state can't be read does not come to life: the failure is Orleans' own, around the store's.
        var unborn = client.Grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(TenantId.New()));
        var failure = await FailureAsync(() => unborn.GetAsync());
        Assert.IsType<OrleansException>(failure, exactMatch: false);
        Assert.Contains(nameof(Npgsql), failure!.ToString(), StringComparison.Ordinal);
    }

    /// <summary>What a call fails with, or null. One that is not answered in time is made again, as a client would: the machine may be busy.</summary>
    private static async Task<Exception?> FailureAsync(Func<Task> call)
    {
        Exception? failure = null;
        await Eventually.EventuallyAsync(
            async () =>
            {
                failure = await Record.ExceptionAsync(call);
                return failure is not TimeoutException;
            },
            TimeSpan.FromSeconds(60), "the silo answers");
        return failure;
    }

    private static Task TakeAwayAsync(PostgresServer server, Outage outage)
    {
        switch (outage)
        {
            case Outage.Stopped:
                return server.StopAsync();
            case Outage.Killed:
                return server.KillAsync();
            default:
                server.Freeze();
                return Task.CompletedTask;
        }
    }

    private static Task BringBackAsync(PostgresServer server, Outage outage)
    {
        if (outage != Outage.Frozen)
        {
            return server.StartAsync();
        }

        server.Thaw();
        return Task.CompletedTask;
    }

    private Task AcknowledgedAsync(long count, string step) =>
        Eventually.EventuallyAsync(() => Volatile.Read(ref acknowledged) >= count, TimeSpan.FromSeconds(120), step);

    /// <returns>The totals last acknowledged.</returns>
    private async Task<long> ReportAsync(UsageCommitQueue ledger, CancellationToken cancellationToken)
    {
        var (source, bytes) = (Guid.NewGuid(), 0L);
        for (var sequence = 1; !cancellationToken.IsCancellationRequested; sequence++)
        {
            bytes += 10;
            await RetryAsync(() => ledger.ApplyAsync([Report.At(Report.Hour, source, sequence, Report.Keys(tenant), bytes)]));
        }

        return bytes;
    }

    /// <returns>The expiry last acknowledged.</returns>
    private async Task<(AllocationId, DateTimeOffset)> WriteAsync(AllocationGrainStorage storage, CancellationToken cancellationToken)
    {
        var id = AllocationId.From(Guid.NewGuid());
        var expiresAt = TestAllocation.Opened;
        var state = new GrainState<AllocationState>();
        while (!cancellationToken.IsCancellationRequested)
        {
            expiresAt = expiresAt.AddSeconds(1);
            await RetryAsync(async () =>
            {
                state.State = TestAllocation.State(id, tenant, expiresAt: expiresAt);
                try
                {
                    await storage.WriteStateAsync("allocation", Grain(id), state);
                }
                catch (InconsistentStateException)
                {
                    // A write that failed here and succeeded there: read what is true, as the grain does.
                    state = await ReadAsync(storage, id);
                    throw;
                }
            });
        }

        return (id, expiresAt);
    }

    private async Task RetryAsync(Func<Task> action)
    {
        while (true)
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                await action();
                Interlocked.Increment(ref acknowledged);
                return;
            }
            catch (Exception exception) when (exception is not NullReferenceException)
            {
                failures.Add(Stopwatch.GetElapsedTime(started));
                await Task.Delay(20);
            }
        }
    }

    private static async Task<GrainState<AllocationState>> ReadAsync(AllocationGrainStorage storage, AllocationId id)
    {
        var read = new GrainState<AllocationState>();
        await storage.ReadStateAsync("allocation", Grain(id), read);
        return read;
    }

    private static GrainId Grain(AllocationId id) => GrainId.Create("allocation", GrainKeys.Allocation(id));
}
