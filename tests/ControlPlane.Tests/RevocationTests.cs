using System.Diagnostics;
using NetDiscovery.ControlPlane.Tests.Fixtures;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Client;
using NetDiscovery.TestKit;

namespace NetDiscovery.ControlPlane.Tests;

/// <summary>What is revoked ends on all relays within a second.</summary>
public sealed class RevocationTests(Region region)
{
    [Theory]
    [InlineData("token")]
    [InlineData("label")]
    [InlineData("suspended")]
    [InlineData("closed")]
    public async Task What_is_revoked_ends_on_both_relays_and_nothing_else_does(string what)
    {
        var tenant = await region.NewTenantAsync();
        var other = await region.NewTenantAsync();
        await using var first = await RegionRelay.StartAsync(region);
        await using var second = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        var credential = await tenant.MintAsync(label: "customer");
        var bystander = await other.MintAsync(label: "customer");
        foreach (var relay in new[] { first, second })
        {
            Assert.Equal(0, await clients.AllocateAsync(relay, credential));
            Assert.Equal(0, await clients.AllocateAsync(relay, bystander));
        }

        var clock = Stopwatch.StartNew();
        _ = what switch
        {
            "token" => await tenant.Grain.RevokeTokenAsync(credential.Claims.Token, credential.Claims.ExpiresAt),
            "label" => await tenant.Grain.RevokeLabelAsync("customer"),
            "suspended" => await tenant.Grain.SetStatusAsync(TenantStatus.Suspended),
            _ => await tenant.Grain.SetStatusAsync(TenantStatus.Closed),
        };
        await Eventually.EventuallyAsync(() => first.Server.Allocations == 1 && second.Server.Allocations == 1, TimeSpan.FromSeconds(10), "the allocations have ended on both relays");
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: ended on both relays after {clock.ElapsedMilliseconds} ms");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"It took {clock.Elapsed}.");
        Assert.Equal(401, await clients.AllocateAsync(first, credential));
        Assert.Equal(0, await clients.AllocateAsync(second, bystander));
    }

    [Fact]
    public async Task A_change_that_could_not_be_pushed_is_there_when_the_relay_hears_again()
    {
        var tenant = await region.NewTenantAsync();
        await using var relay = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        var credential = await tenant.MintAsync();
        Assert.Equal(0, await clients.AllocateAsync(relay, credential));
        relay.CutOff(true);
        await tenant.Grain.RevokeTokenAsync(credential.Claims.Token, credential.Claims.ExpiresAt);
        Assert.Equal(1, relay.Server.Allocations);
        relay.CutOff(false);
        await Eventually.EventuallyAsync(() => relay.Server.Allocations == 0, TimeSpan.FromSeconds(10), "the allocation has ended");
    }
}
