using System.Net.Sockets;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Hostile;

/// <summary>Mistakes that other servers had to mend, where no test of the part itself has them already.</summary>
public sealed class FieldLessonTests
{
    private static readonly StunMethod[] Known =
        [StunMethod.Binding, StunMethod.Allocate, StunMethod.Refresh, StunMethod.CreatePermission, StunMethod.ChannelBind, StunMethod.Connect, StunMethod.ConnectionBind];

    [Fact]
    public async Task Of_all_16384_message_types_only_known_requests_are_answered_and_once()
    {
        await using var relay = RelayFixture.Start(options => options.UnauthenticatedPerSecond = options.BindingsPerSecond = 0);
        var stranger = new Stranger(relay.Server.Workers[0]);
        var request = Stranger.Request(StunMethod.Binding);
        for (var type = 0; type < 0x4000; type++)
        {
            (request[0], request[1]) = ((byte)(type >> 8), (byte)type);

            // The class is in bits 4 and 8, the method in those around them (RFC 8489 §5).
            var method = (StunMethod)((type & 0xF) | ((type & 0xE0) >> 1) | ((type & 0x3E00) >> 2));
            Assert.Equal((type & 0x110) == 0 && Known.Contains(method), stranger.Ask(request, Stranger.Source(1)) is not null);
        }
    }

    [Theory]
    [InlineData("127.0.0.1", null, 0)]
    [InlineData("127.0.0.1", IPFamily.IPv4, 0)]
    [InlineData("127.0.0.1", IPFamily.IPv6, 440)]
    [InlineData("::1", null, 440)]
    [InlineData("::1", IPFamily.IPv4, 440)]
    [InlineData("::1", IPFamily.IPv6, 0)]
    [InlineData("127.0.0.1 ::1", null, 0)]
    [InlineData("127.0.0.1 ::1", IPFamily.IPv4, 0)]
    [InlineData("127.0.0.1 ::1", IPFamily.IPv6, 0)]
    public async Task Relayed_address_has_the_family_that_was_asked_for_IPv4_by_default_or_440(string listen, IPFamily? asked, int code)
    {
        await using var relay = RelayFixture.Start(options => options.ListenAddresses = listen.Split(' '));
        var server = new System.Net.IPEndPoint(System.Net.IPAddress.Parse(relay.Options.ListenAddresses[0]), relay.Options.Port);
        await using var client = await relay.ConnectAsync(change: options => options with { Server = server });
        var response = await client.RequestAsync(StunMethod.Allocate, (ref StunWriter w) =>
        {
            w.Add(new RequestedTransport(RequestedTransport.Udp));
            if (asked is { } family)
            {
                w.Add(new RequestedAddressFamily(family));
            }
        }, new RequestOptions { ThrowOnError = false });
        Assert.Equal(code, response.ErrorCode);
        if (code == 0)
        {
            Assert.Equal(AttributeStatus.Ok, response.Message.FindXorAddress(AttributeType.XorRelayedAddress, out var relayed));
            Assert.Equal(asked ?? IPFamily.IPv4, relayed.Family);
        }
    }

    [Theory]
    [InlineData(StunMethod.Refresh)]
    [InlineData(StunMethod.CreatePermission)]
    [InlineData(StunMethod.ChannelBind)]
    public async Task Client_that_lost_a_reply_and_asks_anew_goes_on(StunMethod method)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        var allocated = await client.AllocateAsync();
        AttributeWriter attributes = (ref StunWriter w) =>
        {
            if (method == StunMethod.ChannelBind)
            {
                w.Add(new ChannelNumber(0x4000));
            }

            if (method != StunMethod.Refresh)
            {
                w.AddXorAddress(AttributeType.XorPeerAddress, peer.Address);
            }
        };

        // Sent outside of any transaction: the answer belongs to nothing and is lost on the client.
        await client.SendRawAsync(client.BuildRequest(method, TransactionId.NewRandom(), attributes, authenticate: true));
        await RelayFixture.UntilAsync(() => client.Counters.Unexpected == 1, "the lost answer");
        Assert.Equal(0, await client.CodeAsync(method, attributes));
        await client.BindChannelAsync(peer.Address, 0x4000);
        await client.SendAsync(peer.Address, new byte[] { 7 });
        Assert.Equal(allocated.Relayed, (await peer.ReceiveAsync()).From);
        Assert.Equal(1, relay.Server.Allocations);
    }

    [Fact]
    public async Task Requests_in_one_segment_get_one_answer_each_in_their_order()
    {
        await using var relay = RelayFixture.Start();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(relay.EndPoint, TestContext.Current.CancellationToken);
        // Few enough that their answers fit what may be queued for a client without an allocation.
        var requests = Enumerable.Range(0, 60).Select(i => Stranger.Request(Known[i % Known.Length])).ToList();
        await socket.SendAsync(requests.SelectMany(request => request).ToArray());
        var received = new byte[64 * 1024];
        int filled = 0, at = 0;
        foreach (var request in requests)
        {
            int size;
            while (StreamFraming.TryMeasure(received.AsSpan(at, filled - at), received.Length, out _, out size) != FrameStatus.Complete)
            {
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
                var count = await socket.ReceiveAsync(received.AsMemory(filled), limit.Token);
                Assert.NotEqual(0, count);
                filled += count;
            }

            Assert.Equal(request[8..20], received[(at + 8)..(at + 20)]);
            at += size;
        }

        Assert.Equal(filled, at);
        Assert.Equal(0, socket.Available);
    }

    [Fact]
    public async Task Connections_reset_at_any_moment_leave_nothing_open()
    {
        await using var relay = RelayFixture.Start();
        for (var i = 0; i < 300; i++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
            await socket.ConnectAsync(i % 3 == 0 ? relay.TlsEndPoint : relay.EndPoint, TestContext.Current.CancellationToken);
            if (i % 2 == 0)
            {
                await socket.SendAsync(Stranger.Request(StunMethod.Allocate).AsMemory(0, i % 20));
            }
        }

        await RelayFixture.UntilAsync(() => relay.Server.Connections == 0, "the end of all connections");
        await using var client = await relay.ConnectAsync(ClientTransport.Tls);
        Assert.Equal(0, await client.AllocateCodeAsync());
    }
}
