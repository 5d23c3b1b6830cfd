using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Listeners;

public sealed class StreamTests
{
    [Fact]
    public async Task Frames_may_arrive_byte_by_byte_and_many_at_once()
    {
        await using var relay = RelayFixture.Start();
        using var socket = await ConnectAsync(relay);
        var request = Binding();
        foreach (var value in request)
        {
            await socket.SendAsync(new[] { value });
        }

        await ReadResponsesAsync(socket, 1);
        await socket.SendAsync(Enumerable.Repeat(request, 50).SelectMany(bytes => bytes).ToArray());
        await ReadResponsesAsync(socket, 50);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0x16, 3, 1, 0 })]
    [InlineData(new byte[] { 0, 1, 0, 3, 0x21, 0x12, 0xA4, 0x42 })]
    [InlineData(new byte[] { 0, 1, 0, 0, 1, 2, 3, 4 })]
    [InlineData(new byte[] { 0, 1, 0xFF, 0xFC, 0x21, 0x12, 0xA4, 0x42 })]
    public async Task Bytes_that_are_no_frame_end_the_connection(byte[] bytes)
    {
        await using var relay = RelayFixture.Start();
        using var socket = await ConnectAsync(relay);
        await socket.SendAsync(bytes);
        await ReadToEndAsync(socket);
    }

    [Fact]
    public async Task Connection_that_ends_takes_its_allocation_with_it()
    {
        await using var relay = RelayFixture.Start();
        var client = await relay.ConnectAsync(ClientTransport.Tcp);
        await client.AllocateAsync();
        await client.DisposeAsync();
        await RelayFixture.UntilAsync(() => relay.Server.Allocations == 0, "the allocation's end");
        Assert.Equal(16_384, relay.FreePorts);
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationClosed>().Any(e => e.Reason == AllocationCloseReason.ConnectionClosed), "the report");
    }

    [Fact]
    public async Task Connection_without_allocation_ends_at_its_deadline_and_one_with_lives_on()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(time: time);
        using var idle = await ConnectAsync(relay);
        await idle.SendAsync(Binding());
        await ReadResponsesAsync(idle, 1);
        await using var client = await relay.ConnectAsync(ClientTransport.Tcp);
        await client.AllocateAsync();
        time.Advance(TimeSpan.FromSeconds(31));
        await ReadToEndAsync(idle);
        await client.RefreshAsync(600);
    }

    [Fact]
    public async Task Connections_beyond_the_limit_of_a_source_are_refused_and_closed_ones_make_room()
    {
        await using var relay = RelayFixture.Start(options => options.MaxConnectionsPerSource = 2);
        using var first = await ConnectAsync(relay);
        using var second = await ConnectAsync(relay);
        await first.SendAsync(Binding());
        await ReadResponsesAsync(first, 1);
        await second.SendAsync(Binding());
        await ReadResponsesAsync(second, 1);
        using (var third = await ConnectAsync(relay))
        {
            await ReadToEndAsync(third);
        }

        first.Dispose();
        await RelayFixture.UntilAsync(() => relay.Server.Connections == 1, "the first to be gone");
        using var fourth = await ConnectAsync(relay);
        await fourth.SendAsync(Binding());
        await ReadResponsesAsync(fourth, 1);
    }

    [Fact]
    public async Task Slow_reader_loses_relayed_data_and_nothing_else_grows()
    {
        await using var relay = RelayFixture.Start(options => options.MaxBufferedBytes = 65_536);
        await using var client = await relay.ConnectAsync(ClientTransport.Tcp, change: options => options with { SocketBuffer = 8192 });
        using var peer = new Peer();
        var allocated = await client.AllocateAsync();
        await client.CreatePermissionAsync(peer.Address);
        var stuck = new TaskCompletionSource();
        client.DatagramReceived = (_, _) => stuck.Task.Wait();
        var sent = 0L;
        while (relay.SingleAllocation().Counters is var counters && counters.BytesFromPeer < 40_000_000 && counters.PacketsFromPeer - counters.PacketsToClient < 100)
        {
            for (var i = 0; i < 50; i++)
            {
                await peer.SendAsync(new byte[8_000], allocated.Relayed);
                sent += 8_000;
            }
        }

        Assert.True(relay.SingleAllocation().Counters.PacketsFromPeer - relay.SingleAllocation().Counters.PacketsToClient >= 100, $"{sent} bytes sent, none dropped");
        stuck.SetResult();
        await client.RefreshAsync(600);
    }

    private static async Task<Socket> ConnectAsync(RelayFixture relay)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(relay.EndPoint, TestContext.Current.CancellationToken);
        return socket;
    }

    private static byte[] Binding()
    {
        var bytes = new byte[64];
        var writer = new StunWriter(bytes, StunMethod.Binding, StunClass.Request, TransactionId.NewRandom());
        return bytes[..writer.Finish()];
    }

    private static async Task ReadResponsesAsync(Socket socket, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var stream = new NetworkStream(socket, ownsSocket: false);
        var header = new byte[20];
        for (var i = 0; i < count; i++)
        {
            await stream.ReadExactlyAsync(header, limit.Token);
            Assert.Equal([1, 1], header[..2]);
            await stream.ReadExactlyAsync(new byte[(header[2] << 8) | header[3]], limit.Token);
        }
    }

    private static async Task ReadToEndAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            while (await socket.ReceiveAsync(new byte[1024], limit.Token) > 0)
            {
                // Until the other side has closed.
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed with bytes of ours unread.
        }
    }
}
