using System.Diagnostics;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Tests.Storage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Hosting;

/// <summary>Silo processes that find each other through another store than their database; one is killed with SIGKILL.</summary>
[Collection(AssemblyFixtures.Heavy)]
public sealed class ClusterProviderTests(PostgresServer server)
{
    private const int Tenants = 60;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Silos_that_meet_in_Redis_serve_each_others_grains_when_one_is_killed_and_take_in_a_new_one()
    {
        await using var redis = await RedisServer.StartAsync();

        await OneOfTwoIsKilledAsync(("Orleans:Clustering:ProviderType", "Redis"), ("ConnectionStrings:Cluster", redis.ConnectionString));
    }

    [Fact]
    public async Task Silos_that_meet_in_Azure_table_storage_serve_each_others_grains_when_one_is_killed_and_take_in_a_new_one()
    {
        await using var azurite = await AzuriteTables.StartAsync();

        await OneOfTwoIsKilledAsync(
            ("Orleans:Clustering:ProviderType", "AzureTableStorage"), ("ConnectionStrings:Cluster", azurite.ConnectionString), ("Orleans:Clustering:TableName", "NetDiscoverySilos"));
    }

    private async Task OneOfTwoIsKilledAsync(params (string Name, string Value)[] clustering)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(StorageProvider.PostgreSql, server);
        (string Name, string Value)[] settings = [("Storage:Provider", "PostgreSql"), ("ConnectionStrings:Storage", database.ConnectionString), ("Region:Name", "north"), .. clustering];
        string[] arguments = [.. settings.Select(setting => $"--{setting.Name}={setting.Value}")];
        await using var first = SiloProcess.Start(arguments);
        await using var second = SiloProcess.Start(arguments);
        await first.ReadyAsync();
        await second.ReadyAsync();

        // As gateways and relays connect: by the same settings.
        await using var client = await ClusterClient.ConnectAsync(settings);
        await HasActiveSilosAsync(client, 2);
        Assert.Equal(0, await database.ScalarAsync<int>("SELECT count(*) FROM orleans_membership"));
        var tenants = Enumerable.Range(0, Tenants).Select(_ => TenantId.New()).ToArray();
        await Task.WhenAll(tenants.Select(id => SoonAsync(async () => await Grain(client, id).CreateAsync(new CreateTenant("t", null, new byte[32])) is not null, $"tenant {id} is made")));

        await second.KillAsync();
        var killed = Stopwatch.GetTimestamp();
        await Task.WhenAll(tenants.Select(id => SoonAsync(
            async () => await Grain(client, id).SetStatusAsync(TenantStatus.Suspended) == TenantChange.Done, $"tenant {id} is served by the silo that is left")));
        TestContext.Current.TestOutputHelper!.WriteLine($"all served {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s after the kill");
        Assert.Equal(Tenants, await database.ScalarAsync<int>("SELECT count(*) FROM tenants WHERE status = 'suspended'"));
        await HasActiveSilosAsync(client, 1);

        await using var third = SiloProcess.Start(arguments);
        await third.ReadyAsync();
        await HasActiveSilosAsync(client, 2);
    }

    private static Task HasActiveSilosAsync(ClusterClient client, int count) => SoonAsync(
        async () => (await client.Grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Count == count, $"the cluster has {count} active silos");

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
}
