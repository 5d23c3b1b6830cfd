using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.Relay.Tests.Handlers;

namespace NetDiscovery.Relay.Tests.RelayedAddresses;

/// <summary>
/// Tests that bind one certain port again at once after it was closed run alone: a program that another test starts at that moment holds a copy of every
/// socket of this process until it executes, and the port stays in use.
/// </summary>
[CollectionDefinition(nameof(PortReuseTests), DisableParallelization = true)]
public sealed class PortReuseCollection;

/// <summary>A port whose allocation ended is free for the next one at once (RFC 8656 §7.2 steps 5 to 10).</summary>
[Collection(nameof(PortReuseTests))]
public sealed class PortReuseTests
{
    [Theory, MemberData(nameof(RejectionTests.Transports), MemberType = typeof(RejectionTests))]
    public async Task Exhausted_ports_answer_508_and_recover_fully(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start(options => (options.MinPort, options.MaxPort) = (6_700, 6_703));
        var clients = new List<TurnClient>();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 4; i++)
            {
                clients.Add(await relay.ConnectAsync(transport));
                Assert.Equal(0, await clients[^1].AllocateCodeAsync());
            }

            await using var refused = await relay.ConnectAsync(transport);
            Assert.Equal(508, await refused.AllocateCodeAsync());
            foreach (var client in clients)
            {
                await client.RefreshAsync(0);
                await client.DisposeAsync();
            }

            clients.Clear();
            Assert.Equal(4, relay.FreePorts);
        }
    }

    [Fact]
    public async Task Reserved_port_is_nobody_elses_and_comes_back_when_its_allocation_ends()
    {
        await using var relay = RelayFixture.Start(options => (options.MinPort, options.MaxPort) = (6_720, 6_721));
        await using var rtp = await relay.ConnectAsync();
        await using var other = await relay.ConnectAsync();
        await using var rtcp = await relay.ConnectAsync();
        var first = await rtp.AllocateAsync(new AllocateOptions { EvenPortReserveNext = true });
        Assert.Equal(0, relay.FreePorts);
        Assert.Equal(508, await other.AllocateCodeAsync());
        var second = await rtcp.AllocateAsync(new AllocateOptions { ReservationToken = first.ReservationToken });
        Assert.Equal(first.Relayed.Port + 1, second.Relayed.Port);
        await rtcp.RefreshAsync(0);
        Assert.Equal(1, relay.FreePorts);
        Assert.Equal(0, await other.AllocateCodeAsync());
        await other.RefreshAsync(0);
        await rtp.RefreshAsync(0);
        Assert.Equal(2, relay.FreePorts);
    }

    [Fact]
    public async Task Allocates_that_fail_use_up_no_quota_and_no_port()
    {
        var tenant = new TestTenant(new DiscoveryConfiguration { Quotas = new Quotas { ConcurrentAllocations = 3 } });
        await using var relay = RelayFixture.Start(options => (options.MinPort, options.MaxPort) = (6_740, 6_741), tenant);
        await using var first = await relay.ConnectAsync();
        await using var second = await relay.ConnectAsync();
        await using var third = await relay.ConnectAsync();
        for (var round = 0; round < 20; round++)
        {
            Assert.Equal(0, await first.AllocateCodeAsync());
            Assert.Equal(0, await second.AllocateCodeAsync());

            // Every way to fail that has something in hand already.
            Assert.Equal(508, await third.AllocateCodeAsync());
            Assert.Equal(508, await third.AllocateCodeAsync((ref StunWriter w) => w.Add(new EvenPort(true))));
            Assert.Equal(508, await third.AllocateCodeAsync((ref StunWriter w) => w.Add(new ReservationToken(1))));
            Assert.Equal(440, await third.AllocateCodeAsync((ref StunWriter w) => w.Add(new RequestedAddressFamily(IPFamily.IPv6))));
            Assert.Equal(437, await first.AllocateCodeAsync());
            await first.RefreshAsync(0);
            await second.RefreshAsync(0);
            Assert.Equal(2, relay.FreePorts);
        }
    }

    [Fact]
    public async Task Exhausted_second_family_is_told_as_508_in_the_success_response_and_exhausted_both_answer_508()
    {
        await using var relay = RelayFixture.Start(options =>
        {
            (options.ListenAddresses, options.AllowPeers) = (["127.0.0.1", "::1"], ["127.0.0.0/8", "::1/128"]);
            (options.MinPort, options.MaxPort) = (6_760, 6_761);
        });
        await using var first = await relay.ConnectAsync();
        await using var second = await relay.ConnectAsync();
        await using var dual = await relay.ConnectAsync();
        await using var third = await relay.ConnectAsync();
        await using var refused = await relay.ConnectAsync();
        await first.AllocateAsync(new AllocateOptions { Family = IPFamily.IPv6 });
        await second.AllocateAsync(new AllocateOptions { Family = IPFamily.IPv6 });
        var allocated = await dual.AllocateAsync(new AllocateOptions { AdditionalFamily = IPFamily.IPv6 });
        Assert.Equal((IPFamily.IPv4, 508), (allocated.Relayed.Family, allocated.AdditionalErrorCode));
        await third.AllocateAsync();
        Assert.Equal(508, await refused.AllocateCodeAsync((ref StunWriter w) => w.Add(new AdditionalAddressFamily(IPFamily.IPv6))));
        await first.RefreshAsync(0);
        var sixth = await refused.AllocateAsync(new AllocateOptions { AdditionalFamily = IPFamily.IPv6 });
        Assert.Equal((IPFamily.IPv6, 508), (sixth.Relayed.Family, sixth.AdditionalErrorCode));
        foreach (var client in new[] { second, dual, third, refused })
        {
            await client.RefreshAsync(0);
        }

        Assert.Equal(4, relay.FreePorts);
    }
}
