using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Client.Transactions;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Protocol.Tests.Client;

public class TurnClientTests
{
    private static readonly TransportAddress Peer = TransportAddress.Parse("192.0.2.9:5000");
    private static CancellationToken Limit => TestContext.Current.CancellationToken;

    public static TheoryData<ClientTransport> Transports => [ClientTransport.Udp, ClientTransport.Tcp, ClientTransport.Tls];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Binding_gives_the_address_the_client_sends_from(ClientTransport transport)
    {
        await using var server = new TurnResponder(transport);
        await using TurnClient client = await new TurnClient(server.Options with { Local = new IPEndPoint(IPAddress.Loopback, 0) }).ConnectAsync(Limit);
        BindingResult result = await client.BindingAsync(cancellationToken: Limit);
        Assert.Equal(client.Local, result.Mapped);
        Assert.Equal(TransportAddress.From(server.EndPoint), result.Source);
        Assert.Equal(server.BytesReceived, client.Counters.LegBytesSent);
        Assert.Equal(server.BytesSent, client.Counters.LegBytesReceived);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Allocate_answers_the_challenge(bool sha256, bool userHash)
    {
        await using var server = new TurnResponder(ClientTransport.Udp) { OfferSha256 = sha256 };
        await using TurnClient client = await new TurnClient(server.Options with { UserHash = userHash, Software = "test", Fingerprint = true }).ConnectAsync(Limit);
        AllocateResult result = await client.AllocateAsync(new AllocateOptions { LifetimeSeconds = 777 }, Limit);
        Assert.Equal(TurnResponder.Relayed, result.Relayed);
        Assert.Equal(777u, result.LifetimeSeconds);
        Assert.Equal(42u, (await client.RefreshAsync(42, cancellationToken: Limit)).LifetimeSeconds);

        Assert.Equal([false, true, true], await Methods(server, 3, m => m.Has(sha256 ? AttributeType.MessageIntegritySha256 : AttributeType.MessageIntegrity)));
        Assert.True(client.Counters.RefusedBytesSent > 0);
        Assert.True(client.Counters.RefusedBytesReceived > 0);

        await client.RequestAsync(StunMethod.Refresh, cancellationToken: Limit);
        Assert.Equal([userHash], await Methods(server, 1, m => m.Has(AttributeType.UserHash) && !m.Has(AttributeType.Username) && m.CheckFingerprint()));
    }

    [Fact]
    public async Task A_stale_nonce_is_replaced_on_every_method()
    {
        await using var server = new TurnResponder(ClientTransport.Udp);
        await using TurnClient client = await new TurnClient(server.Options).ConnectAsync(Limit);
        Func<Task>[] requests =
        [
            () => client.AllocateAsync(cancellationToken: Limit),
            () => client.RefreshAsync(cancellationToken: Limit),
            () => client.CreatePermissionAsync(Peer, Limit),
            () => client.BindChannelAsync(Peer, cancellationToken: Limit),
        ];
        int n = 0;
        foreach (Func<Task> request in requests)
        {
            server.Nonce = $"another nonce {n++}";
            await request();
        }

        Assert.Equal(8, (await Methods(server, 8, _ => true)).Count);
    }

    [Fact]
    public async Task A_wrong_password_is_told_after_one_repetition()
    {
        await using var server = new TurnResponder(ClientTransport.Udp);
        await using TurnClient client = await new TurnClient(server.Options with { Password = "wrong" }).ConnectAsync(Limit);
        StunErrorException error = await Assert.ThrowsAsync<StunErrorException>(() => client.AllocateAsync(cancellationToken: Limit));
        Assert.Equal((StunMethod.Allocate, 401, "Unauthenticated"), (error.Method, error.Code, error.Reason));
        Assert.Equal(2, (await Methods(server, 2, _ => true)).Count);
        Assert.False(server.Requests.TryRead(out _));
    }

    [Fact]
    public async Task An_offer_removed_on_the_way_is_not_answered()
    {
        byte[] bytes = Stun.StunMessageTests.Build((ref StunWriter writer) =>
        {
            writer.Add(new ErrorCode(401, default));
            writer.AddText(AttributeType.Realm, "test");
            writer.AddText(AttributeType.Nonce, "obMatJos2AAAB");
        });
        await using var server = new TurnResponder(ClientTransport.Udp);
        Assert.Equal(StunReadStatus.Ok, StunMessage.TryRead(bytes, out StunMessage message));
        Assert.Null(Challenge.From(server.Options, message));
    }

    [Fact]
    public async Task Requests_over_UDP_are_sent_at_0_500_1500_3500_7500_15500_31500_ms_and_given_up_at_39500()
    {
        var time = new FakeTimeProvider();
        await using var server = new TurnResponder(ClientTransport.Udp) { DropNext = int.MaxValue };
        await using TurnClient client = await new TurnClient(server.Options with { RetransmissionTimeout = TimeSpan.FromMilliseconds(500) }, time).ConnectAsync(Limit);
        Task<BindingResult> request = client.BindingAsync(cancellationToken: Limit);
        byte[] first = await server.Requests.ReadAsync(Limit);
        foreach (int wait in new[] { 500, 1000, 2000, 4000, 8000, 16000 })
        {
            time.Advance(TimeSpan.FromMilliseconds(wait - 1));
            Assert.False(server.Requests.TryRead(out _));
            time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal(first, await server.Requests.ReadAsync(Limit));
        }

        time.Advance(TimeSpan.FromMilliseconds(7999));
        Assert.False(request.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        StunTimeoutException error = await Assert.ThrowsAsync<StunTimeoutException>(() => request);
        Assert.Equal(7, error.Sent);
        Assert.Equal(6, client.Counters.Retransmissions);
        Assert.Equal(7 * first.Length, client.Counters.LegBytesSent);
    }

    [Fact]
    public async Task A_lost_request_is_made_good()
    {
        await using var server = new TurnResponder(ClientTransport.Udp) { DropNext = 2 };
        await using TurnClient client = await new TurnClient(server.Options).ConnectAsync(Limit);
        await client.BindingAsync(cancellationToken: Limit);
        Assert.Equal(2, client.Counters.Retransmissions);
    }

    [Fact]
    public async Task A_success_with_wrong_integrity_does_not_count()
    {
        await using var server = new TurnResponder(ClientTransport.Udp) { CorruptNext = 1 };
        await using TurnClient client = await new TurnClient(server.Options).ConnectAsync(Limit);
        await client.AllocateAsync(cancellationToken: Limit);
        Assert.Equal(1, client.Counters.Unexpected);
        Assert.Equal(1, client.Counters.Retransmissions);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Data_goes_by_indication_then_by_channel_and_every_byte_is_counted(ClientTransport transport)
    {
        await using var server = new TurnResponder(transport) { PieceSize = transport == ClientTransport.Udp ? int.MaxValue : 3 };
        await using TurnClient client = await new TurnClient(server.Options).ConnectAsync(Limit);
        await client.AllocateAsync(cancellationToken: Limit);
        long payload = 0, media = 0;
        for (int size = 0; size < 10; size++)
        {
            byte[] data = [.. Enumerable.Range(size, size).Select(n => (byte)n)];
            if (size == 5) Assert.Equal(TurnDefaults.MinChannel, await client.BindChannelAsync(Peer, cancellationToken: Limit));
            if (size % 2 == 0) await client.SendAsync(Peer, data, Limit);
            else client.Send(Peer, data);
            ReceivedDatagram echo = await client.ReceiveAsync(Limit);
            Assert.Equal(Peer, echo.Peer);
            Assert.Equal(data, echo.Data.ToArray());
            payload += size;
            media += size < 5 ? 20 + 12 + 4 + Padding.RoundUp(size) : ChannelData.WireSize(size, transport != ClientTransport.Udp);
        }

        ClientCounters counters = client.Counters;
        Assert.Equal((payload, payload, 10, 10), (counters.PayloadBytesSent, counters.PayloadBytesReceived, counters.DatagramsSent, counters.DatagramsReceived));
        Assert.Equal((media, media), (counters.MediaBytesSent, counters.MediaBytesReceived));
        Assert.Equal((server.BytesReceived, server.BytesSent), (counters.LegBytesSent, counters.LegBytesReceived));
        Assert.Equal((0, 0), (counters.Dropped, counters.Unexpected));
    }

    [Fact]
    public async Task A_callback_takes_datagrams_in_place_of_the_queue()
    {
        await using var server = new TurnResponder(ClientTransport.Udp);
        await using TurnClient client = await new TurnClient(server.Options).ConnectAsync(Limit);
        var received = new TaskCompletionSource<string>();
        client.DatagramReceived = (peer, data) => received.SetResult($"{peer} {Convert.ToHexString(data.Span)}");
        await client.SendAsync(Peer, new byte[] { 1, 2 }, Limit);
        Assert.Equal("192.0.2.9:5000 0102", await received.Task.WaitAsync(TimeSpan.FromSeconds(20), Limit));
    }

    [Fact]
    public async Task A_closed_connection_fails_the_requests_under_way_and_those_to_come()
    {
        await using var server = new TurnResponder(ClientTransport.Tcp) { DropNext = int.MaxValue };
        await using TurnClient client = await new TurnClient(server.Options).ConnectAsync(Limit);
        Task<BindingResult> request = client.BindingAsync(cancellationToken: Limit);
        await server.Requests.ReadAsync(Limit);
        server.CloseConnection();
        await Assert.ThrowsAnyAsync<IOException>(() => request);
        await Assert.ThrowsAnyAsync<IOException>(() => client.Closed);
        await Assert.ThrowsAnyAsync<IOException>(() => client.BindingAsync(cancellationToken: Limit));
        await Assert.ThrowsAnyAsync<Exception>(async () => await client.ReceiveAsync(Limit));
    }

    [Fact]
    public async Task A_closed_port_is_told_at_once()
    {
        TurnClientOptions options;
        await using (var server = new TurnResponder(ClientTransport.Udp)) options = server.Options;
        await using TurnClient client = await new TurnClient(options with { RetransmissionTimeout = TimeSpan.FromMinutes(5) }).ConnectAsync(Limit);
        SocketException error = await Assert.ThrowsAsync<SocketException>(() => client.BindingAsync(cancellationToken: Limit));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [Fact]
    public async Task Disposing_ends_requests_and_receivers()
    {
        await using var server = new TurnResponder(ClientTransport.Udp) { DropNext = int.MaxValue };
        TurnClient client = await new TurnClient(server.Options with { RetransmissionTimeout = TimeSpan.FromMinutes(5) }).ConnectAsync(Limit);
        Task<BindingResult> request = client.BindingAsync(cancellationToken: Limit);
        await server.Requests.ReadAsync(Limit);
        await client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => request);
        await foreach (ReceivedDatagram _ in client.ReceiveAllAsync(Limit)) Assert.Fail("nothing was sent");
        await client.Closed;
    }

    [Fact]
    public async Task No_client_gets_the_port_of_one_that_may_have_left_an_allocation()
    {
        // By chance alone a port would come twice after some 200.
        const int Clients = 2000;
        await using var server = new TurnResponder(ClientTransport.Udp);
        var ports = new HashSet<int>();
        for (var i = 0; i < Clients; i++)
        {
            await using TurnClient client = await new TurnClient(server.Options with { SocketBuffer = 0 }).ConnectAsync(Limit);
            ports.Add(client.Local.Port);
        }

        Assert.Equal(Clients, ports.Count);
    }

    [Fact]
    public async Task An_odd_message_is_exchanged_as_it_is_and_its_error_returned()
    {
        await using var server = new TurnResponder(ClientTransport.Udp);
        await using TurnClient client = await new TurnClient(server.Options).ConnectAsync(Limit);
        byte[] request = client.BuildRequest(StunMethod.Allocate, new TransactionId(1, 2), (ref StunWriter writer) => writer.Add((AttributeType)0x7000, [1]), authenticate: false);
        StunResponse response = await client.ExchangeAsync(request, Limit);
        Assert.Equal(401, response.ErrorCode);
        Assert.Equal(new TransactionId(1, 2), response.Message.TransactionId);
        Assert.Equal(request, await server.Requests.ReadAsync(Limit));
        Assert.Equal(401, (await client.RequestAsync(StunMethod.Allocate, options: RequestOptions.Plain, cancellationToken: Limit)).ErrorCode);
    }

    [Fact]
    public async Task Another_destination_needs_an_unconnected_socket()
    {
        await using var server = new TurnResponder(ClientTransport.Udp);
        await using var other = new TurnResponder(ClientTransport.Udp);
        var options = new RequestOptions { Authenticate = false, Destination = TransportAddress.From(other.EndPoint) };
        await using TurnClient connected = await new TurnClient(server.Options).ConnectAsync(Limit);
        await Assert.ThrowsAsync<InvalidOperationException>(() => connected.BindingAsync(options: options, cancellationToken: Limit));
        await using TurnClient client = await new TurnClient(server.Options with { AnySource = true }).ConnectAsync(Limit);
        Assert.Equal(TransportAddress.From(server.EndPoint), (await client.BindingAsync(cancellationToken: Limit)).Source);
        Assert.Equal(TransportAddress.From(other.EndPoint), (await client.BindingAsync(options: options, cancellationToken: Limit)).Source);
    }

    [Fact]
    public async Task Sending_and_receiving_on_a_channel_allocates_nothing()
    {
        await using var server = new TurnResponder(ClientTransport.Udp);
        await using TurnClient client = await new TurnClient(server.Options).ConnectAsync(Limit);
        await client.AllocateAsync(cancellationToken: Limit);
        await client.BindChannelAsync(Peer, cancellationToken: Limit);
        long received = 0;
        client.DatagramReceived = (_, data) => Interlocked.Add(ref received, data.Length);
        Assert.Equal(0, AllocatedBySending(client));

        var channels = new PeerChannels();
        channels.Bound(0x4000, Peer);
        var counters = new ClientCounters();
        var dispatcher = new FrameDispatcher(server.Options, new TransactionTable(server.Options, counters, TimeProvider.System), channels, counters)
        {
            DatagramReceived = (_, data) => Interlocked.Add(ref received, data.Length),
        };
        Assert.Equal(0, AllocatedByReceiving(dispatcher, TransportAddress.From(server.EndPoint)));
        Assert.Equal(150, counters.DatagramsReceived);
    }

    private static long AllocatedBySending(TurnClient client)
    {
        byte[] data = new byte[160];
        for (int i = 0; i < 50; i++) client.Send(Peer, data);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) client.Send(Peer, data);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static long AllocatedByReceiving(FrameDispatcher dispatcher, TransportAddress server)
    {
        byte[] frame = new byte[164];
        ChannelData.Write(frame, 0x4000, new byte[160], stream: false);
        for (int i = 0; i < 50; i++) dispatcher.OnFrame(frame, server);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) dispatcher.OnFrame(frame, server);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static async Task<List<bool>> Methods(TurnResponder server, int count, Func<StunMessage, bool> test)
    {
        var results = new List<bool>();
        for (int i = 0; i < count; i++)
        {
            byte[] request = await server.Requests.ReadAsync(Limit);
            results.Add(StunMessage.TryRead(request, out StunMessage message) == StunReadStatus.Ok && test(message));
        }

        return results;
    }
}
