using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Hosting;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Tests.Storage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Hosting;

public sealed class LostAllocationsTests(PostgresServer server)
{
    [Theory, Engines]
    public async Task Allocations_whose_relay_never_came_back_are_closed_after_their_expiry_with_their_last_usage(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        await using var silo = await TestSilo.StartAsync(database);
        var now = DateTimeOffset.UtcNow;
        var lost = await OpenAsync(silo, expiresAt: now - LostAllocation.Grace - TimeSpan.FromSeconds(1));
        var perhapsCutOff = await OpenAsync(silo, expiresAt: now - LostAllocation.Grace + TimeSpan.FromMinutes(1));
        var upkeep = silo.Services.GetServices<IHostedService>().OfType<LostAllocations>().Single();

        Assert.Equal(1, await upkeep.CloseAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, await upkeep.CloseAsync(TestContext.Current.CancellationToken));

        var closed = (await silo.Grains.GetGrain<IAllocationGrain>(GrainKeys.Allocation(lost)).GetAsync())!;
        Assert.Equal((AllocationCloseReason.RelayLost, closed.ExpiresAt, 4_200L), (closed.CloseReason!.Value, closed.ClosedAt!.Value, closed.Totals.BytesToPeer));
        Assert.Null((await silo.Grains.GetGrain<IAllocationGrain>(GrainKeys.Allocation(perhapsCutOff)).GetAsync())!.ClosedAt);
        Assert.Equal(1, await database.ScalarAsync<int>("SELECT count(*) FROM allocation_state WHERE closed_at IS NULL"));
        Assert.Equal(2 * 4_200, await database.ScalarAsync<int>("SELECT sum(bytes_to_peer) FROM usage_hour"));
    }

    private static async Task<AllocationId> OpenAsync(TestSilo silo, DateTimeOffset expiresAt)
    {
        var (id, at) = (new AllocationId(Guid.NewGuid()), expiresAt.AddMinutes(-10));
        await silo.Grains.GetGrain<IAllocationGrain>(GrainKeys.Allocation(id)).ApplyAsync([
            new AllocationOpened
            {
                Allocation = id, Sequence = 1, At = at, Tenant = TenantId.New(), Token = TokenId.New(), Region = "local", RelayId = "relay-1",
                FiveTuple = new FiveTuple(new TransportAddress("192.0.2.7", 5000), new TransportAddress("192.0.2.1", 3478), Transport.Udp),
                RelayedTransportAddresses = [new TransportAddress("192.0.2.1", 50_000)], ExpiresAt = expiresAt,
            },
            new UsageObserved { Allocation = id, Sequence = 2, At = at, Totals = new UsageTotals { BytesToPeer = 4_200 } }]);
        return id;
    }
}
