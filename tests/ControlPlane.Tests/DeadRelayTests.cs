using NetDiscovery.ControlPlane.Tests.Fixtures;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.ControlPlane.Tests;

[CollectionDefinition(nameof(DeadRelayTests), DisableParallelization = true)]
public sealed class DeadRelayCollection;

/// <summary>Leases of a relay that does not come back. Moves the region's clock, by which the relays of other tests would be dead too: runs alone.</summary>
[Collection(nameof(DeadRelayTests))]
public sealed class DeadRelayTests(Region region)
{
    private const int Quota = 5;

    [Fact]
    public async Task What_a_dead_relay_held_is_free_when_its_leases_have_ended_and_not_before()
    {
        var tenant = await region.NewTenantAsync(new Quotas { ConcurrentAllocations = Quota });
        await using var first = await RegionRelay.StartAsync(region);
        await using var second = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        await clients.AllocateManyAsync(first, tenant, Quota);

        await first.KillAsync();
        region.Time.Advance(RelayLease.Term - TimeSpan.FromSeconds(1));
        await second.SeenAsync();
        Assert.Equal(486, await clients.AllocateAsync(second, await tenant.MintAsync()));
        region.Time.Advance(TimeSpan.FromSeconds(2));
        await second.SeenAsync();
        Assert.Equal(0, await clients.AllocateAsync(second, await tenant.MintAsync()));
    }
}
