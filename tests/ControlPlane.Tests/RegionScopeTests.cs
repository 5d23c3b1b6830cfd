using NetDiscovery.ControlPlane.Tests.Fixtures;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.TestKit;

namespace NetDiscovery.ControlPlane.Tests;

/// <summary>Where a tenant and a token may relay is asked by the relay itself, not only when tokens are made.</summary>
public sealed class RegionScopeTests(Region region)
{
    [Fact]
    public async Task A_token_for_other_regions_gets_403_and_one_for_this_region_is_served()
    {
        var tenant = await region.NewTenantAsync();
        await using var relay = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        Assert.Equal(403, await clients.AllocateAsync(relay, await tenant.MintAsync(new CredentialScopes { Regions = ["eu-1", "us-1"] })));
        Assert.Equal(0, await clients.AllocateAsync(relay, await tenant.MintAsync(new CredentialScopes { Regions = ["eu-1", "local"] })));
        Assert.Equal(0, await clients.AllocateAsync(relay, await tenant.MintAsync()));
    }

    [Fact]
    public async Task A_sessions_token_is_good_in_the_sessions_region_alone()
    {
        var tenant = await region.NewTenantAsync();
        await using var relay = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        Assert.Equal(403, await clients.AllocateAsync(relay, await tenant.MintAsync(session: SessionId.New("eu-1"))));
        Assert.Equal(0, await clients.AllocateAsync(relay, await tenant.MintAsync(session: SessionId.New("local"))));
    }

    [Fact]
    public async Task A_tenant_that_leaves_the_region_has_its_allocations_cut_and_gets_403()
    {
        var tenant = await region.NewTenantAsync();
        await tenant.PutAsync(new DiscoveryConfiguration { Regions = ["local"] });
        await using var relay = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        var credential = await tenant.MintAsync();
        Assert.Equal(0, await clients.AllocateAsync(relay, credential));

        await tenant.PutAsync(new DiscoveryConfiguration { Regions = ["eu-1"] });
        await Eventually.EventuallyAsync(() => relay.Server.Allocations == 0, TimeSpan.FromSeconds(20), "the allocation has ended");
        Assert.Equal(403, await clients.AllocateAsync(relay, credential));
    }
}
