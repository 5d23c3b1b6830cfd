using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Handlers;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.TestKit;

namespace NetDiscovery.Relay.Tests.Handlers;

/// <summary>ICMP errors on the way to peers (RFC 8656 §11.5) and DONT-FRAGMENT (§7.2, §11.2).</summary>
public sealed class IcmpTests
{
    private readonly Channel<(TransportAddress Peer, Icmp Error)> told = Channel.CreateUnbounded<(TransportAddress, Icmp)>();

    [Theory]
    [InlineData(ClientTransport.Udp)]
    [InlineData(ClientTransport.Tcp)]
    public async Task Closed_port_of_a_peer_is_told_as_port_unreachable(ClientTransport transport)
    {
        await using var relay = Start();
        await using var client = await ConnectAsync(relay, transport);
        await client.AllocateAsync();
        var closed = ClosedPort(IPAddress.Loopback);
        await client.CreatePermissionAsync(closed);
        await client.SendAsync(closed, new byte[] { 1 });
        Assert.Equal((closed, new Icmp(3, 3, 0)), await NextAsync());
    }

    [Fact]
    public async Task Closed_port_over_IPv6_is_told_with_the_types_of_ICMPv6()
    {
        await using var relay = Start(options => (options.ListenAddresses, options.AllowPeers) = (["127.0.0.1", "::1"], ["127.0.0.0/8", "::1/128"]));
        await using var client = await ConnectAsync(relay);
        await client.AllocateAsync(new AllocateOptions { AdditionalFamily = IPFamily.IPv6 });
        var closed = ClosedPort(IPAddress.IPv6Loopback);
        await client.BindChannelAsync(closed);
        await client.SendAsync(closed, new byte[] { 1 });
        Assert.Equal((closed, new Icmp(1, 4, 0)), await NextAsync());
    }

    [Fact]
    public async Task Errors_of_one_peer_cost_no_datagram_to_another_and_what_is_told_is_counted()
    {
        await using var relay = Start();
        await using var client = await ConnectAsync(relay);
        var allocated = await client.AllocateAsync();
        using var peer = new Peer();
        var closed = ClosedPort(IPAddress.Loopback);
        await client.BindChannelAsync(peer.Address);
        await client.BindChannelAsync(closed);
        for (var i = 0; i < 200; i++)
        {
            await client.SendAsync(closed, new byte[] { 0 });
            await client.SendAsync(peer.Address, new[] { (byte)i });
            Assert.Equal([(byte)i], (await peer.ReceiveAsync()).Data);
            await peer.SendAsync([(byte)i], allocated.Relayed);
            Assert.Equal([(byte)i], (await client.NextAsync("the peer's answer")).Data.ToArray());
        }

        await NextAsync();
        var counters = relay.SingleAllocation().Counters;
        Assert.Equal(200, counters.PacketsFromPeer);
        await RelayFixture.UntilAsync(() => client.Counters.LegBytesReceived - client.Counters.RefusedBytesReceived == relay.SingleAllocation().Counters.BytesToClient, "equal counts of client and relay");
    }

    [Theory]
    [InlineData("auto", false, false, false)]
    [InlineData("auto", true, false, true)]
    [InlineData("auto", false, true, true)]
    [InlineData("always", false, false, true)]
    [InlineData("never", true, true, false)]
    public async Task Only_clients_that_show_that_they_know_of_it_are_told_or_those_the_operator_says(string setting, bool sha256, bool dontFragment, bool isTold)
    {
        await using var relay = Start(options => options.IcmpIndications = setting);
        await using var client = await ConnectAsync(relay, sha256: sha256);
        await client.AllocateAsync(new AllocateOptions { DontFragment = dontFragment });
        Assert.Equal(isTold, relay.SingleAllocation().Slot.ToldOfIcmp);
        using var peer = new Peer();
        var closed = ClosedPort(IPAddress.Loopback);
        await client.CreatePermissionAsync([closed, peer.Address]);
        await client.SendAsync(closed, new byte[] { 1 });
        await client.SendAsync(peer.Address, new byte[] { 2 });
        Assert.Equal([2], (await peer.ReceiveAsync()).Data);
        if (isTold)
        {
            Assert.Equal(closed, (await NextAsync()).Peer);
        }
        else
        {
            await peer.SendAsync([3], relay.SingleAllocation().IPv4!.Public);
            Assert.Equal([3], (await client.NextAsync("the peer's data")).Data.ToArray());
            Assert.False(told.Reader.TryPeek(out _));
        }
    }

    [Fact]
    public async Task Send_with_dont_fragment_asks_to_be_told()
    {
        await using var relay = Start();
        await using var client = await ConnectAsync(relay, sha256: false);
        await client.AllocateAsync();
        var closed = ClosedPort(IPAddress.Loopback);
        await client.CreatePermissionAsync(closed);
        Assert.False(relay.SingleAllocation().Slot.ToldOfIcmp);
        await client.SendRawAsync(SendWithDontFragment(closed));
        Assert.Equal((closed, new Icmp(3, 3, 0)), await NextAsync());
    }

    [Fact]
    public async Task Restarted_relay_goes_on_telling()
    {
        await using var relay = Start(restarts: true);
        await using var client = await ConnectAsync(relay);
        await client.AllocateAsync();
        var closed = ClosedPort(IPAddress.Loopback);
        await client.CreatePermissionAsync(closed);
        await relay.CrashAsync();
        relay.StartServer();
        await client.SendAsync(closed, new byte[] { 1 });
        Assert.Equal((closed, new Icmp(3, 3, 0)), await NextAsync());
    }

    [Fact]
    public async Task Unreachable_too_big_with_its_MTU_and_time_exceeded_of_permitted_peers_are_told_and_nothing_else()
    {
        using var icmp = RawIcmp.TryOpen();
        Assert.SkipWhen(icmp is null, "needs CAP_NET_RAW");
        await using var relay = Start();
        await using var client = await ConnectAsync(relay);
        var relayed = (await client.AllocateAsync()).Relayed;
        var peer = TransportAddress.Parse("127.0.0.77:7777");
        await client.CreatePermissionAsync(peer);

        icmp.Send(3, 1, 0, relayed, TransportAddress.Parse("127.0.0.78:7777"));   // no permission
        icmp.Send(12, 0, 0, relayed, peer);                                       // parameter problem
        icmp.Send(3, 13, 0, relayed, peer);
        Assert.Equal((peer, new Icmp(3, 13, 0)), await NextAsync());
        icmp.Send(3, 4, 1400, relayed, peer);
        Assert.Equal((peer, new Icmp(3, 4, 1400)), await NextAsync());

        // Once more after the socket went to DF and back.
        await client.SendRawAsync(SendWithDontFragment(peer));
        await UntilToldAsync(client, peer);
        icmp.Send(3, 4, 1300, relayed, peer.WithPort(7778));
        Assert.Equal((peer.WithPort(7778), new Icmp(3, 4, 1300)), await NextAsync());
        icmp.Send(11, 0, 0, relayed, peer);
        Assert.Equal((peer, new Icmp(11, 0, 0)), await NextAsync());
    }

    [Fact]
    public async Task Too_long_for_the_first_link_is_told_with_dont_fragment_and_fragmented_without()
    {
        await using var narrow = await NarrowRoute.TryOpenAsync("127.9.9.9", 1400);
        Assert.SkipWhen(narrow is null, "needs CAP_NET_ADMIN");
        await using var relay = Start();
        await using var client = await ConnectAsync(relay);
        using var peer = new Peer(IPAddress.Parse("127.9.9.9"));
        await client.AllocateAsync();
        await client.CreatePermissionAsync(peer.Address);
        await client.SendRawAsync(SendWith(peer.Address, (ref StunWriter w) => w.Add(default(DontFragment)), size: 2000));
        Assert.Equal((peer.Address, new Icmp(3, 4, 1400)), await NextAsync());
        await client.SendRawAsync(SendWith(peer.Address, (ref StunWriter w) => w.Add(default(DontFragment)), size: 1000));
        Assert.Equal(1000, (await peer.ReceiveAsync()).Data.Length);
        await client.SendAsync(peer.Address, new byte[2000]);
        Assert.Equal(2000, (await peer.ReceiveAsync()).Data.Length);
        Assert.False(told.Reader.TryPeek(out _));
        Assert.Equal(2, relay.SingleAllocation().Counters.PacketsToPeer);
    }

    [Fact]
    public async Task An_allocation_is_told_so_much_in_a_second_and_no_more()
    {
        using var icmp = RawIcmp.TryOpen();
        Assert.SkipWhen(icmp is null, "needs CAP_NET_RAW");
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = Start(time: time);
        await using var client = await ConnectAsync(relay);
        var relayed = (await client.AllocateAsync()).Relayed;
        using var peer = new Peer();
        await client.CreatePermissionAsync(peer.Address);
        for (var i = 0; i < 100; i++)
        {
            icmp.Send(3, 1, 0, relayed, peer.Address);
        }

        await client.SendAsync(peer.Address, new byte[] { 1 });
        await peer.ReceiveAsync();
        await peer.SendAsync([2], relayed);
        Assert.Equal([2], (await client.NextAsync("the peer's data behind the errors")).Data.ToArray());
        var count = 0;
        while (told.Reader.TryRead(out _))
        {
            count++;
        }

        Assert.Equal(IcmpHandler.PerSecond, count);
    }

    [Theory]
    [InlineData(ClientTransport.Udp)]
    [InlineData(ClientTransport.Tcp)]
    public async Task Where_DF_cannot_be_set_dont_fragment_answers_420_and_Send_with_it_is_discarded(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start(options => options.DontFragment = false);
        await using var client = await relay.ConnectAsync(transport);
        var response = await client.RequestAsync(
            StunMethod.Allocate,
            (ref StunWriter w) =>
            {
                w.Add(new RequestedTransport(RequestedTransport.Udp));
                w.Add(default(DontFragment));
            },
            new RequestOptions { ThrowOnError = false });
        Assert.Equal(420, response.ErrorCode);
        Assert.Equal(AttributeStatus.Ok, response.Message.Find(out UnknownAttributes unknown));
        Assert.Equal((1, AttributeType.DontFragment), (unknown.Count, unknown[0]));
        using var peer = new Peer();
        await client.AllocateAsync();
        await client.CreatePermissionAsync(peer.Address);
        await client.SendRawAsync(SendWithDontFragment(peer.Address));
        await client.SendAsync(peer.Address, new byte[] { 9 });
        Assert.Equal([9], (await peer.ReceiveAsync()).Data);
    }

    [Theory]
    [InlineData(ClientTransport.Udp)]
    [InlineData(ClientTransport.Tcp)]
    public async Task Send_with_an_unknown_required_attribute_is_discarded(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(transport);
        using var peer = new Peer();
        await client.AllocateAsync();
        await client.CreatePermissionAsync(peer.Address);
        await client.SendRawAsync(SendWith(peer.Address, (ref StunWriter w) => w.Add((AttributeType)0x7ABC, [])));
        await client.SendAsync(peer.Address, new byte[] { 9 });
        Assert.Equal([9], (await peer.ReceiveAsync()).Data);
    }

    [Fact]
    public void Setting_that_is_none_is_refused()
    {
        var problems = new RelayOptionsValidator().Validate(null, new RelayOptions { IcmpIndications = "sometimes" });
        Assert.Contains(problems.Failures!, failure => failure.Contains("IcmpIndications", StringComparison.Ordinal));
    }

    // The portable path has no way to hear of ICMP; the suite runs on it too.
    private static RelayFixture Start(Action<RelayOptions>? configure = null, TimeProvider? time = null, bool restarts = false)
    {
        Assert.SkipUnless(DatagramPathChoice.HasBatched, "needs the batched path");
        return RelayFixture.Start(
            options =>
            {
                options.DatagramPath = DatagramPathChoice.Batched;
                configure?.Invoke(options);
            },
            time: time,
            restarts: restarts);
    }

    private static TransportAddress ClosedPort(IPAddress address)
    {
        // Nobody binds below the ephemeral ports between here and there.
        using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, FreePort.TcpAndUdp()));
        return TransportAddress.From((IPEndPoint)socket.LocalEndPoint!);
    }

    private static byte[] SendWithDontFragment(TransportAddress peer) => SendWith(peer, (ref StunWriter w) => w.Add(default(DontFragment)));

    private static byte[] SendWith(TransportAddress peer, AttributeWriter more, int size = 1)
    {
        var bytes = new byte[128 + size];
        var writer = new StunWriter(bytes, StunMethod.Send, StunClass.Indication, TransactionId.NewRandom());
        writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
        more(ref writer);
        writer.Add(AttributeType.Data, new byte[size]);
        return bytes[..writer.Finish()];
    }

    private async Task UntilToldAsync(TurnClient client, TransportAddress peer)
    {
        // Nobody listens at the peer: what was sent there comes back as port unreachable.
        Assert.Equal((peer, new Icmp(3, 3, 0)), await NextAsync());
        Assert.Equal(0, await client.CodeAsync(StunMethod.Refresh));
    }

    private async Task<TurnClient> ConnectAsync(RelayFixture relay, ClientTransport transport = ClientTransport.Udp, bool sha256 = true)
    {
        var client = await relay.ConnectAsync(transport, change: options => options with { Sha256 = sha256 });
        client.IcmpReceived = (peer, error) => told.Writer.TryWrite((peer, error));
        return client;
    }

    private async Task<(TransportAddress Peer, Icmp Error)> NextAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        try
        {
            return await told.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("No ICMP indication in 30 s");
        }
    }
}
