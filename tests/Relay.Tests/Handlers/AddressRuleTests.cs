using System.Net;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Handlers;

/// <summary>Two families, even ports and reserved ports (RFC 8656 §7.2 steps 5 to 10).</summary>
public sealed class AddressRuleTests
{
    [Fact]
    public async Task Refresh_of_one_family_deletes_it_for_good_and_then_answers_443()
    {
        await using var relay = StartDual();
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync(new AllocateOptions { AdditionalFamily = IPFamily.IPv6 });
        AttributeWriter deleteIPv6 = (ref StunWriter w) =>
        {
            w.Add(new Lifetime(0));
            w.Add(new RequestedAddressFamily(IPFamily.IPv6));
        };
        Assert.Equal(0, await client.CodeAsync(StunMethod.Refresh, deleteIPv6));
        Assert.Equal(7, relay.FreePorts);
        Assert.Equal(443, await client.CodeAsync(StunMethod.Refresh, deleteIPv6));
        Assert.Equal(443, await client.PermitCodeAsync(TransportAddress.Parse("[::1]:9")));
        Assert.Equal(443, await client.BindCodeAsync(0x4000, TransportAddress.Parse("[::1]:9")));
        Assert.Equal(0, await client.PermitCodeAsync(TransportAddress.Parse("127.0.0.1:9")));
        Assert.Equal(1, relay.Server.Allocations);
    }

    [Fact]
    public async Task Refresh_with_a_family_nobody_knows_answers_443_and_deletes_nothing()
    {
        await using var relay = StartDual();
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync(new AllocateOptions { AdditionalFamily = IPFamily.IPv6 });
        Assert.Equal(443, await client.CodeAsync(StunMethod.Refresh, (ref StunWriter w) =>
        {
            w.Add(new Lifetime(0));
            w.Add(new RequestedAddressFamily((IPFamily)3));
        }));
        Assert.Equal(6, relay.FreePorts);
    }

    [Fact]
    public async Task No_even_port_left_answers_508_while_odd_ones_are_free()
    {
        await using var relay = RelayFixture.Start(options => (options.MinPort, options.MaxPort) = (6_710, 6_713));
        var clients = new List<TurnClient>();
        for (var i = 0; i < 2; i++)
        {
            clients.Add(await relay.ConnectAsync());
            Assert.Equal(0, (await clients[i].AllocateAsync(new AllocateOptions { EvenPortReserveNext = false })).Relayed.Port % 2);
        }

        await using var refused = await relay.ConnectAsync();
        Assert.Equal(508, await refused.AllocateCodeAsync((ref StunWriter w) => w.Add(new EvenPort(false))));
        Assert.Equal(508, await refused.AllocateCodeAsync((ref StunWriter w) => w.Add(new EvenPort(true))));
        Assert.Equal(0, await refused.AllocateCodeAsync());
        Assert.Equal(1, relay.FreePorts);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Token_of_another_tenant_answers_508_and_stays_good_for_its_own()
    {
        await using var relay = RelayFixture.Start();
        var stranger = new TestTenant();
        relay.Cluster.Put(stranger.Snapshot);
        await using var rtp = await relay.ConnectAsync();
        await using var thief = await relay.ConnectAsync(credential: stranger.Mint(DateTimeOffset.UtcNow));
        await using var rtcp = await relay.ConnectAsync();
        var first = await rtp.AllocateAsync(new AllocateOptions { EvenPortReserveNext = true });
        Assert.Equal(508, await thief.AllocateCodeAsync((ref StunWriter w) => w.Add(new ReservationToken(first.ReservationToken!.Value))));
        Assert.Equal(first.Relayed.Port + 1, (await rtcp.AllocateAsync(new AllocateOptions { ReservationToken = first.ReservationToken })).Relayed.Port);
    }

    [Fact]
    public async Task CreatePermission_of_which_one_peer_is_refused_installs_none()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        using var permitted = new Peer(IPAddress.Parse("127.0.0.2"));
        var relayed = (await client.AllocateAsync()).Relayed;
        await client.CreatePermissionAsync(permitted.Address);
        Assert.Equal(403, await client.PermitCodeAsync(peer.Address, TransportAddress.Parse("10.0.0.1:9")));
        Assert.Equal(443, await client.PermitCodeAsync(peer.Address, TransportAddress.Parse("[2600::1]:9")));
        await peer.SendAsync([1], relayed);
        await client.SendAsync(peer.Address, new byte[] { 2 });

        // One socket takes both peers' datagrams in order: once this one has come through, the other has been looked at, before the permission.
        await permitted.SendAsync([9], relayed);
        Assert.Equal([9], (await client.NextAsync("data of the permitted peer")).Data.ToArray());
        Assert.Equal(0, await client.PermitCodeAsync(peer.Address));
        await client.SendAsync(peer.Address, new byte[] { 3 });
        Assert.Equal([3], (await peer.ReceiveAsync()).Data);
        await peer.SendAsync([4], relayed);
        Assert.Equal([4], (await client.NextAsync("data of the peer permitted last")).Data.ToArray());
    }

    private static RelayFixture StartDual() => RelayFixture.Start(options =>
    {
        (options.ListenAddresses, options.AllowPeers) = (["127.0.0.1", "::1"], ["127.0.0.0/8", "::1/128"]);
        (options.MinPort, options.MaxPort) = (6_730, 6_733);
    });
}
