using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Tests.Storage;
using NetDiscovery.Silo.Tests.Storage.Usage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Hosting;

/// <summary>Real silo processes, killed with SIGKILL under load.</summary>
[Collection(AssemblyFixtures.Heavy)]
public sealed class SiloKillTests(PostgresServer server)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task A_silo_on_the_embedded_store_keeps_every_acknowledged_row_when_killed()
    {
        using var folder = new TempFolder();
        var silo = SiloProcess.Start($"--Data:Path={folder.Path}");
        await using var first = silo;
        await silo.ReadyAsync();
        var tenants = new ConcurrentBag<TenantId>();
        var acknowledged = new ConcurrentDictionary<Guid, long>();
        await using (var client = await ConnectAsync(silo))
        {
            using var load = new CancellationTokenSource();
            var work = Enumerable.Range(0, 8).Select(_ => Task.Run(() => CreateTenantsAsync(client, tenants, load.Token)))
                .Concat(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ReportAsync(client, acknowledged, load.Token)))).ToArray();
            await Eventually.EventuallyAsync(() => tenants.Count > 100 && acknowledged.Values.Sum() > 2_000, Limit, "load is acknowledged");
            await silo.KillAsync();
            await load.CancelAsync();
            await Task.WhenAll(work);
        }

        await using var second = SiloProcess.Start($"--Data:Path={folder.Path}");
        await second.ReadyAsync();
        await using var reader = await ConnectAsync(second);
        foreach (var id in tenants)
        {
            await SoonAsync(async () => await Grain(reader, id).GetAsync() is not null, $"tenant {id}, whose making was answered, is there");
        }

        // A report whose answer the kill cut off may be booked or not; an acknowledged one must be.
        UsagePage? page = null;
        var query = Report.Query(DateTimeOffset.UtcNow.AddHours(-2), DateTimeOffset.UtcNow.AddHours(2), UsageGranularity.Hour, UsageGroups.Label);
        await SoonAsync(async () => (page = await reader.Grains.GetGrain<IUsageQueryGrain>(0).QueryAsync(query)) is not null, "the ledger is read");
        foreach (var (source, bytes) in acknowledged)
        {
            var booked = page!.Rows.Where(row => row.Label == source.ToString("N")).Sum(row => row.Totals.BytesFromClient);
            Assert.InRange(booked, bytes, bytes + 10);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{tenants.Count} tenants and {acknowledged.Values.Sum() / 10} reports acknowledged before the kill");
    }

    [Fact]
    public async Task Of_two_silos_that_share_a_database_one_is_killed_and_the_other_serves_everything_within_seconds()
    {
        await using var database = await TestDatabase.CreateEmptyAsync(StorageProvider.PostgreSql, server);
        (string Name, string Value)[] settings = [("Storage:Provider", "PostgreSql"), ("ConnectionStrings:Storage", database.ConnectionString), ("Region:Name", "north")];
        string[] arguments = [.. settings.Select(setting => $"--{setting.Name}={setting.Value}")];
        await using var first = SiloProcess.Start(arguments);
        await using var second = SiloProcess.Start(arguments);
        await first.ReadyAsync();
        await second.ReadyAsync();
        await Eventually.EventuallyAsync(async () => await database.ScalarAsync<int>("SELECT count(*) FROM orleans_membership WHERE status = 3") == 2, Limit, "both silos are active members");
        await using var client = await ClusterClient.ConnectAsync(settings);
        var tenants = Enumerable.Range(0, 60).Select(_ => TenantId.New()).ToArray();
        await Task.WhenAll(tenants.Select(id => SoonAsync(async () => await Grain(client, id).CreateAsync(new CreateTenant("t", null, new byte[32])) is not null, $"tenant {id} is made")));

        await second.KillAsync();
        var killed = Stopwatch.GetTimestamp();
        await Eventually.EventuallyAsync(async () => await database.ScalarAsync<int>("SELECT count(*) FROM orleans_membership WHERE status = 3") == 1, Limit, "the killed silo is declared dead");
        TestContext.Current.TestOutputHelper!.WriteLine($"declared dead {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s after the kill");
        await Task.WhenAll(tenants.Select(id => SoonAsync(
            async () => await Grain(client, id).SetStatusAsync(TenantStatus.Suspended) == TenantChange.Done, $"tenant {id} is served by the silo that is left")));

        TestContext.Current.TestOutputHelper.WriteLine($"all served {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s after the kill");
        Assert.Equal(60, await database.ScalarAsync<int>("SELECT count(*) FROM tenants WHERE status = 'suspended'"));
    }

    [Fact]
    public async Task A_call_on_its_way_to_a_silo_that_is_killed_ends_soon_and_not_with_its_response_timeout()
    {
        using var folder = new TempFolder();
        await using var silo = SiloProcess.Start($"--Data:Path={folder.Path}");
        await silo.ReadyAsync();
        await using var client = await ClusterClient.ConnectAsync(
            ("Orleans:Endpoints:GatewayPort", silo.GatewayPort.ToString(CultureInfo.InvariantCulture)), ("Orleans:ClientMessaging:ResponseTimeout", "01:00:00"));
        var tenant = Grain(client, TenantId.New());
        Assert.NotNull(await tenant.CreateAsync(new CreateTenant("t", null, new byte[32])));

        await silo.FreezeAsync();
        var call = tenant.GetAsync();
        await silo.KillAsync();

        await Assert.ThrowsAnyAsync<OrleansException>(() => call.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    // A call that is not answered in time is repeated, as a client would: the machine may be busy, or the silo dead. A silo that learns of the death of another
    // cancels what its grains and its directory had asked that one.
    private static Task SoonAsync(Func<Task<bool>> step, string what) => Eventually.EventuallyAsync(async () =>
    {
        try
        {
            return await step();
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }, Limit, what);

    private static ITenantGrain Grain(ClusterClient client, TenantId id) => client.Grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(id));

    private static Task<ClusterClient> ConnectAsync(SiloProcess silo) =>
        ClusterClient.ConnectAsync(("Orleans:Endpoints:GatewayPort", silo.GatewayPort.ToString(CultureInfo.InvariantCulture)));

    private static async Task CreateTenantsAsync(ClusterClient client, ConcurrentBag<TenantId> created, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var id = TenantId.New();
            if (await SucceedsAsync(() => Grain(client, id).CreateAsync(new CreateTenant("t", null, new byte[32]))))
            {
                created.Add(id);
            }
        }
    }

    private static async Task ReportAsync(ClusterClient client, ConcurrentDictionary<Guid, long> acknowledged, CancellationToken cancellationToken)
    {
        var (tenant, source) = (TenantId.New(), Guid.NewGuid());
        var grain = client.Grains.GetGrain<IUsageGrain>(GrainKeys.Usage(tenant, source));
        for (var sequence = 1L; !cancellationToken.IsCancellationRequested; sequence++)
        {
            var report = Report.At(DateTimeOffset.UtcNow, source, sequence, Report.Keys(tenant, label: source.ToString("N")), sequence * 10);
            if (!await SucceedsAsync(() => grain.RecordAsync([report])))
            {
                return;
            }

            acknowledged[source] = sequence * 10;
        }
    }

    private static async Task<bool> SucceedsAsync(Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }
}
