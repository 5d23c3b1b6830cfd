using System.Diagnostics;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Handlers;

/// <summary>New allocations a second of a tenant at one relay: what keeps a flood of one tenant's from the others.</summary>
public sealed class AllocateRateTests
{
    // Ten seconds' worth may come at once.
    private const int AtOnce = 10;

    [Fact]
    public async Task A_tenant_gets_its_rate_of_new_allocations_and_beyond_it_486_while_others_go_on()
    {
        var tenant = new TestTenant(Discovery(perSecond: 1));
        await using var relay = RelayFixture.Start(tenant: tenant);
        var other = new TestTenant();
        relay.Cluster.Put(other.Snapshot);
        await using var live = await relay.ConnectAsync();
        Assert.Equal(0, await live.AllocateCodeAsync());

        var (made, seconds) = await UntilRefusedAsync(relay);

        Assert.InRange(made + 1, AtOnce, AtOnce + 1 + (int)seconds);
        await using var elsewhere = await relay.ConnectAsync(ClientTransport.Udp, other.Mint(DateTimeOffset.UtcNow));
        Assert.Equal(0, await elsewhere.AllocateCodeAsync());
        await live.RefreshAsync(600);
    }

    [Fact]
    public async Task After_a_while_a_tenant_beyond_its_rate_gets_allocations_again()
    {
        await using var relay = RelayFixture.Start(tenant: new TestTenant(Discovery(perSecond: 5)));
        await UntilRefusedAsync(relay);

        var refusedUntil = Stopwatch.StartNew();
        while (await AllocateAsync(relay) != 0)
        {
            Assert.True(refusedUntil.Elapsed < TimeSpan.FromSeconds(30), "A tenant with 5 new allocations a second got none for 30 s.");
        }
    }

    [Fact]
    public async Task A_tenant_that_has_no_rate_of_its_own_has_the_relays()
    {
        await using var relay = RelayFixture.Start(options => options.AllocatesPerSecondPerTenant = 1);

        var (made, seconds) = await UntilRefusedAsync(relay);

        Assert.InRange(made, AtOnce, AtOnce + 1 + (int)seconds);
    }

    [Fact]
    public async Task A_tenants_own_rate_goes_before_the_relays()
    {
        await using var relay = RelayFixture.Start(options => options.AllocatesPerSecondPerTenant = 1, new TestTenant(Discovery(perSecond: 100)));

        for (var i = 0; i < 3 * AtOnce; i++)
        {
            Assert.Equal(0, await AllocateAsync(relay));
        }
    }

    [Fact]
    public async Task A_rate_of_0_refuses_every_new_allocation()
    {
        await using var relay = RelayFixture.Start(tenant: new TestTenant(Discovery(perSecond: 0)));

        Assert.Equal(486, await AllocateAsync(relay));
    }

    [Fact]
    public void The_setting_is_a_rate_or_0_for_none()
    {
        var problems = new RelayOptionsValidator().Validate(null, new RelayOptions { AllocatesPerSecondPerTenant = -1 });

        Assert.Contains(problems.Failures!, problem => problem.Contains("AllocatesPerSecondPerTenant", StringComparison.Ordinal));
    }

    private static DiscoveryConfiguration Discovery(int perSecond) => new() { Quotas = new Quotas { AllocatesPerSecondPerRelay = perSecond } };

    private static async Task<(int Made, double Seconds)> UntilRefusedAsync(RelayFixture relay)
    {
        var began = Stopwatch.GetTimestamp();
        for (var made = 0; ; made++)
        {
            if (await AllocateAsync(relay) is not 0 and var code)
            {
                Assert.Equal(486, code);
                return (made, Stopwatch.GetElapsedTime(began).TotalSeconds);
            }
        }
    }

    private static async Task<int> AllocateAsync(RelayFixture relay)
    {
        await using var client = await relay.ConnectAsync();
        return await client.AllocateCodeAsync();
    }
}
