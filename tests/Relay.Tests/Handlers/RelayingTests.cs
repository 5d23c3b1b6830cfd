using System.Net;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Handlers;

public sealed class RelayingTests
{
    public static TheoryData<ClientTransport> Transports => [ClientTransport.Udp, ClientTransport.Tcp];

    [Theory]
    [InlineData(ClientTransport.Udp, false)]
    [InlineData(ClientTransport.Udp, true)]
    [InlineData(ClientTransport.Tcp, false)]
    [InlineData(ClientTransport.Tcp, true)]
    public async Task Data_of_every_size_goes_both_ways_and_is_metered_to_the_byte(ClientTransport transport, bool channel)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(transport);
        using var peer = new Peer();
        var allocated = await client.AllocateAsync();
        if (channel)
        {
            await client.BindChannelAsync(peer.Address);
        }
        else
        {
            await client.CreatePermissionAsync(peer.Address);
        }

        foreach (var size in new[] { 0, 1, 2, 3, 4, 5, 160, 1200, 1472, 9000, 40_000 })
        {
            var data = Enumerable.Range(0, size).Select(i => (byte)(i * 7)).ToArray();
            await client.SendAsync(peer.Address, data);
            var (received, from) = await peer.ReceiveAsync();
            Assert.Equal(data, received);
            Assert.Equal(allocated.Relayed, from);
            await peer.SendAsync(data, allocated.Relayed);
            var back = await client.NextAsync($"{size} bytes of the peer");
            Assert.Equal(data, back.Data.ToArray());
            Assert.Equal(peer.Address, back.Peer);
        }

        var counters = Counters(relay);
        var mine = client.Counters;
        Assert.Equal(mine.PayloadBytesSent, counters.BytesToPeer);
        Assert.Equal(mine.PayloadBytesReceived, counters.BytesFromPeer);
        Assert.Equal(mine.DatagramsSent, counters.PacketsToPeer);
        Assert.Equal(mine.DatagramsReceived, counters.PacketsFromPeer);
        Assert.Equal(mine.LegBytesSent - mine.RefusedBytesSent, counters.BytesFromClient);
        Assert.Equal(mine.LegBytesReceived - mine.RefusedBytesReceived, counters.BytesToClient);
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task What_is_dropped_is_neither_delivered_nor_counted(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(transport);
        using var permitted = new Peer();
        using var stranger = new Peer(IPAddress.Parse("127.0.0.2"));
        var allocated = await client.AllocateAsync();
        await client.CreatePermissionAsync(permitted.Address);
        var before = Counters(relay);

        await stranger.SendAsync([1], allocated.Relayed);                                   // no permission
        await client.SendAsync(stranger.Address, new byte[] { 2 });                         // no permission
        await client.SendRawAsync(new byte[] { 0x40, 0x07, 0, 1, 9, 0, 0, 0 });             // channel not bound
        await client.SendRawAsync(Send(permitted.Address, withData: false));                // no DATA
        await client.SendRawAsync(Send(permitted.Address, withData: true, unknown: true));  // an optional attribute nobody knows: data goes
        await client.SendAsync(permitted.Address, new byte[] { 3 });
        Assert.Equal([7], (await permitted.ReceiveAsync()).Data);
        Assert.Equal([3], (await permitted.ReceiveAsync()).Data);
        await permitted.SendAsync([4], allocated.Relayed);
        Assert.Equal([4], (await client.NextAsync("data of the permitted peer")).Data.ToArray());
        Assert.True(stranger.IsQuiet);
        var after = Counters(relay);
        Assert.Equal(2, after.PacketsToPeer - before.PacketsToPeer);
        Assert.Equal(1, after.PacketsFromPeer - before.PacketsFromPeer);
        Assert.Equal(2, after.PacketsFromClient - before.PacketsFromClient);
        Assert.Equal(1, after.PacketsToClient - before.PacketsToClient);
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Two_clients_of_one_relay_meet_on_a_default_install(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start(options => options.AllowPeers = []);
        await using var left = await relay.ConnectAsync(transport);
        await using var right = await relay.ConnectAsync(ClientTransport.Udp);
        var a = (await left.AllocateAsync()).Relayed;
        var b = (await right.AllocateAsync()).Relayed;
        Assert.Equal(403, await left.PermitCodeAsync(b.WithPort(22)));
        Assert.Equal(403, await left.PermitCodeAsync(b.WithPort((ushort)relay.Options.Port)));
        await left.CreatePermissionAsync(b);
        await right.BindChannelAsync(a);
        await left.SendAsync(b, new byte[] { 1, 2, 3 });
        var received = await right.NextAsync("data of the left client");
        Assert.Equal(a, received.Peer);
        await right.SendAsync(a, new byte[] { 4 });
        Assert.Equal(b, (await left.NextAsync("data of the right client")).Peer);

        // The permission is for an address, but only relayed ports of it are open.
        using var local = new Peer();
        await left.SendAsync(local.Address, new byte[] { 5 });
        await local.SendAsync([6], a);
        await left.SendAsync(b, new byte[] { 7 });
        Assert.Equal([7], (await right.NextAsync("the left client's last data")).Data.ToArray());
        await right.SendAsync(a, new byte[] { 8 });
        Assert.Equal([8], (await left.NextAsync("the right client's last data")).Data.ToArray());
        Assert.True(local.IsQuiet);

        // When the neighbour goes, so does the way to its port.
        await right.RefreshAsync(0);
        Assert.Equal(403, await left.PermitCodeAsync(b));
    }

    [Fact]
    public async Task Dual_allocation_relays_over_both_families_and_each_can_be_given_back()
    {
        await using var relay = RelayFixture.Start(options => (options.ListenAddresses, options.AllowPeers) = (["127.0.0.1", "::1"], ["127.0.0.0/8", "::1/128"]));
        await using var client = await relay.ConnectAsync();
        using var four = new Peer();
        using var six = new Peer(IPAddress.IPv6Loopback);
        var allocated = await client.AllocateAsync(new AllocateOptions { AdditionalFamily = IPFamily.IPv6 });
        Assert.Equal((IPFamily.IPv4, IPFamily.IPv6), (allocated.Relayed.Family, allocated.AdditionalRelayed.Family));
        await client.CreatePermissionAsync([four.Address, six.Address]);
        await client.SendAsync(four.Address, new byte[] { 4 });
        await client.SendAsync(six.Address, new byte[] { 6 });
        Assert.Equal(allocated.Relayed, (await four.ReceiveAsync()).From);
        Assert.Equal(allocated.AdditionalRelayed, (await six.ReceiveAsync()).From);

        Assert.Equal(0, await client.CodeAsync(StunMethod.Refresh, (ref StunWriter w) =>
        {
            w.Add(new Lifetime(0));
            w.Add(new RequestedAddressFamily(IPFamily.IPv4));
        }));
        Assert.Equal(1, relay.Server.Allocations);
        Assert.Equal(443, await client.PermitCodeAsync(four.Address));
        Assert.Equal(0, await client.PermitCodeAsync(six.Address));
        await client.RefreshAsync(0);
        Assert.Equal(0, relay.Server.Allocations);
        Assert.Equal(2 * 16_384, relay.FreePorts);
    }

    [Fact]
    public async Task Missing_second_family_is_told_in_the_success_response()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        var allocated = await client.AllocateAsync(new AllocateOptions { AdditionalFamily = IPFamily.IPv6 });
        Assert.Equal(440, allocated.AdditionalErrorCode);
    }

    [Fact]
    public async Task IPv6_clients_and_relayed_addresses_work()
    {
        await using var relay = RelayFixture.Start(options => (options.ListenAddresses, options.AllowPeers) = (["127.0.0.1", "::1"], ["::1"]));
        await using var client = await relay.ConnectAsync(change: options => options with { Server = new IPEndPoint(IPAddress.IPv6Loopback, relay.Options.Port) });
        using var peer = new Peer(IPAddress.IPv6Loopback);
        var allocated = await client.AllocateAsync(new AllocateOptions { Family = IPFamily.IPv6 });
        await client.BindChannelAsync(peer.Address);
        await client.SendAsync(peer.Address, new byte[] { 1 });
        Assert.Equal(allocated.Relayed, (await peer.ReceiveAsync()).From);
    }

    [Fact]
    public async Task Reserved_next_port_is_had_with_its_token_once()
    {
        await using var relay = RelayFixture.Start();
        await using var rtp = await relay.ConnectAsync();
        await using var rtcp = await relay.ConnectAsync();
        await using var late = await relay.ConnectAsync();
        var first = await rtp.AllocateAsync(new AllocateOptions { EvenPortReserveNext = true });
        Assert.Equal(0, first.Relayed.Port % 2);
        var second = await rtcp.AllocateAsync(new AllocateOptions { ReservationToken = first.ReservationToken });
        Assert.Equal(first.Relayed.Port + 1, second.Relayed.Port);
        Assert.Equal(508, await late.AllocateCodeAsync((ref StunWriter w) => w.Add(new ReservationToken(first.ReservationToken!.Value))));
    }

    [Fact]
    public async Task Even_port_is_even()
    {
        await using var relay = RelayFixture.Start();
        for (var i = 0; i < 8; i++)
        {
            await using var client = await relay.ConnectAsync();
            Assert.Equal(0, (await client.AllocateAsync(new AllocateOptions { EvenPortReserveNext = false, DontFragment = true })).Relayed.Port % 2);
        }
    }

    [Fact]
    public async Task Send_with_dont_fragment_is_relayed()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        await client.AllocateAsync();
        await client.CreatePermissionAsync(peer.Address);
        await client.SendRawAsync(Send(peer.Address, withData: true, dontFragment: true));
        Assert.Equal([7], (await peer.ReceiveAsync()).Data);
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Binding_tells_the_clients_address(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(transport, change: options => options with { Fingerprint = true });
        var binding = await client.BindingAsync();
        Assert.Equal(client.Local, binding.Mapped);
    }

    [Fact]
    public async Task Request_sent_again_gets_the_same_answer_and_has_one_effect()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        Assert.Equal(437, await client.CodeAsync(StunMethod.Refresh));
        AttributeWriter allocate = (ref StunWriter w) => w.Add(new RequestedTransport(17));
        AttributeWriter bind = (ref StunWriter w) =>
        {
            w.Add(new ChannelNumber(0x4001));
            w.AddXorAddress(AttributeType.XorPeerAddress, peer.Address);
        };
        await SameTwice(StunMethod.Allocate, allocate);
        Assert.Equal(1, relay.Server.Allocations);
        await SameTwice(StunMethod.ChannelBind, bind);
        await SameTwice(StunMethod.CreatePermission, (ref StunWriter w) => w.AddXorAddress(AttributeType.XorPeerAddress, peer.Address));
        await SameTwice(StunMethod.Refresh, null);
        await SameTwice(StunMethod.Refresh, (ref StunWriter w) => w.Add(new Lifetime(0)));
        Assert.Equal(0, relay.Server.Allocations);
        Assert.Equal(16_384, relay.FreePorts);
        Assert.Equal(437, await client.CodeAsync(StunMethod.Refresh, (ref StunWriter w) => w.Add(new Lifetime(0))));

        async Task SameTwice(StunMethod method, AttributeWriter? attributes)
        {
            var request = client.BuildRequest(method, TransactionId.NewRandom(), attributes, authenticate: true);
            var first = await client.ExchangeAsync(request);
            Assert.Equal(0, first.ErrorCode);
            var second = await client.ExchangeAsync(request);
            Assert.Equal(first.Bytes, second.Bytes);
        }
    }

    [Fact]
    public async Task Hostile_bytes_get_no_answer_and_harm_nobody()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        var valid = client.BuildRequest(StunMethod.Refresh, TransactionId.NewRandom(), null, authenticate: true);
        for (var i = 0; i < 2_000; i++)
        {
            var bytes = valid.ToArray()[..random.Next(1, valid.Length)];
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            await client.SendRawAsync(bytes);
        }

        Assert.True(await client.CodeAsync(StunMethod.Refresh) == 0, $"seed {seed}");
    }

    private static (long BytesFromClient, long BytesToClient, long BytesToPeer, long BytesFromPeer, long PacketsFromClient, long PacketsToClient, long PacketsToPeer, long PacketsFromPeer) Counters(RelayFixture relay)
    {
        var counters = relay.SingleAllocation().Counters;
        return (counters.BytesFromClient, counters.BytesToClient, counters.BytesToPeer, counters.BytesFromPeer,
            counters.PacketsFromClient, counters.PacketsToClient, counters.PacketsToPeer, counters.PacketsFromPeer);
    }

    private static byte[] Send(TransportAddress peer, bool withData, bool unknown = false, bool dontFragment = false)
    {
        var bytes = new byte[128];
        var writer = new StunWriter(bytes, StunMethod.Send, StunClass.Indication, TransactionId.NewRandom());
        writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
        if (dontFragment)
        {
            writer.Add(default(DontFragment));
        }

        if (withData)
        {
            writer.Add(AttributeType.Data, [7]);
        }

        if (unknown)
        {
            writer.Add((AttributeType)0xFABC, [0]);
        }

        return bytes[..writer.Finish()];
    }
}
