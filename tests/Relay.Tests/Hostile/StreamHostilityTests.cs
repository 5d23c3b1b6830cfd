using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Hostile;

/// <summary>Safety: limits on connections, on their half-open time, on buffered bytes, and on slow readers and writers.</summary>
public sealed class StreamHostilityTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(19)]
    [InlineData(700)]
    public async Task Half_a_frame_kept_for_ever_ends_with_the_deadline(int bytes)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(time: time);
        using var socket = await ConnectAsync(relay);
        await socket.SendAsync(Frame(1_000)[..bytes]);
        await RelayFixture.UntilAsync(() => relay.Server.Connections == 1, "the connection");
        await AdvanceUntilAsync(time, () => relay.Server.Connections == 0);
    }

    [Fact]
    public async Task Trickling_a_frame_byte_by_byte_moves_no_deadline()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(time: time);
        using var socket = await ConnectAsync(relay);

        // Its time begins when it is accepted.
        await RelayFixture.UntilAsync(() => relay.Server.Connections == 1, "the connection");
        var frame = Frame(1_000);
        var sent = 0;
        await AdvanceUntilAsync(time, () => relay.Server.Connections == 0 && sent > 30, async () =>
        {
            try
            {
                await socket.SendAsync(frame.AsMemory(sent++, 1));
            }
            catch (SocketException)
            {
                // It is over.
            }
        });
        Assert.InRange(sent, 30, 100);
    }

    [Fact]
    public async Task A_frame_larger_than_any_request_ends_a_stranger_at_its_length_and_not_a_client_that_had_an_allocation()
    {
        await using var relay = RelayFixture.Start();
        using var socket = await ConnectAsync(relay);
        await socket.SendAsync(Frame(StreamConnection.MaxFrameOfStrangers + 4)[..8]);
        await ReadToEndAsync(socket);
        await using var client = await relay.ConnectAsync(ClientTransport.Tcp);
        using var peer = new Peer();
        await client.AllocateAsync();
        await client.BindChannelAsync(peer.Address);
        await client.SendAsync(peer.Address, new byte[60_000]);
        Assert.Equal(60_000, (await peer.ReceiveAsync()).Data.Length);
    }

    [Fact]
    public async Task Challenges_nobody_reads_end_the_connection_at_its_small_queue()
    {
        await using var relay = RelayFixture.Start(options => options.UnauthenticatedPerSecond = 0);
        using var socket = await ConnectAsync(relay, receiveBuffer: 4096);
        var requests = Enumerable.Range(0, 100).SelectMany(_ => Stranger.Request(StunMethod.Allocate)).ToArray();
        await RelayFixture.UntilAsync(() => relay.Server.Connections == 1, "the connection");
        var clock = Stopwatch.StartNew();
        try
        {
            while (relay.Server.Connections > 0)
            {
                Assert.True(clock.Elapsed < Limit, "The connection was not ended.");
                using var patience = new CancellationTokenSource(Limit);
                await socket.SendAsync(requests, patience.Token);
            }
        }
        catch (SocketException)
        {
            // Ended, with requests of ours unread.
        }

        await RelayFixture.UntilAsync(() => relay.Server.Connections == 0, "the end of the connection");
    }

    [Fact]
    public async Task A_flood_of_empty_ChannelData_does_not_hold_up_others_and_ends_with_the_deadline()
    {
        await using var relay = RelayFixture.Start(options => options.UnauthenticatedSeconds = 2);
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        await client.AllocateAsync();
        await client.BindChannelAsync(peer.Address);
        using var socket = await ConnectAsync(relay);
        var flood = Enumerable.Repeat(new byte[] { 0x40, 0, 0, 0 }, 10_000).SelectMany(bytes => bytes).ToArray();
        var flooding = Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    await socket.SendAsync(flood);
                }
            }
            catch (SocketException)
            {
                // Ended by the deadline.
            }
        });
        for (var i = 0; i < 50; i++)
        {
            await client.SendAsync(peer.Address, new[] { (byte)i });
            Assert.Equal(i, (await peer.ReceiveAsync()).Data[0]);
        }

        await flooding.WaitAsync(Limit);
        await RelayFixture.UntilAsync(() => relay.Server.Connections == 0, "the end of the connection");
    }

    [Fact]
    public async Task A_thousand_half_open_connections_take_little_and_leave_nothing()
    {
        // The clock stands still: no deadline passes while the thousand come, however long that takes.
        await using var relay = RelayFixture.Start(time: new FakeTimeProvider(DateTimeOffset.UtcNow));
        var before = DatagramBuffers.Shared.InUse;
        var sockets = new List<Socket>();
        var frame = Frame(2_000);
        for (var i = 0; i < 1_000; i++)
        {
            sockets.Add(await ConnectAsync(relay));
            await sockets[^1].SendAsync(frame.AsMemory(0, 1_900));
        }

        await RelayFixture.UntilAsync(() => relay.Server.Connections == 1_000, "all connections");
        using (var refused = await ConnectAsync(relay))
        {
            await ReadToEndAsync(refused);
        }

        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        sockets.ForEach(socket => socket.Dispose());
        await RelayFixture.UntilAsync(() => relay.Server.Connections == 0 && DatagramBuffers.Shared.InUse - before < 900, "the end of all connections");
        Assert.Equal(0, await client.CodeAsync(StunMethod.Refresh));
    }

    [Fact]
    public async Task Tls_hellos_that_never_end_are_dropped_at_the_time_limit()
    {
        await using var relay = RelayFixture.Start(options => options.HandshakeSeconds = 1);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(relay.TlsEndPoint, TestContext.Current.CancellationToken);
        await socket.SendAsync(new byte[] { 0x16, 3, 1, 2, 0, 1, 0, 1 });
        await ReadToEndAsync(socket);
        await RelayFixture.UntilAsync(() => relay.Server.Connections == 0, "the end of the connection");
    }

    private static async Task AdvanceUntilAsync(FakeTimeProvider time, Func<bool> reached, Func<Task>? each = null)
    {
        // At most a minute of the relay's time; its deadline is 30 s.
        for (var second = 0; second < 60; second++)
        {
            if (each is not null)
            {
                await each();
            }

            time.Advance(TimeSpan.FromSeconds(1));
            for (var wait = 0; wait < 10 && !reached(); wait++)
            {
                await Task.Delay(2, TestContext.Current.CancellationToken);
            }
        }

        await RelayFixture.UntilAsync(reached, "the end of the connection a minute after it began");
    }

    private static async Task<Socket> ConnectAsync(RelayFixture relay, int? receiveBuffer = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        await socket.ConnectAsync(relay.EndPoint, TestContext.Current.CancellationToken);
        return socket;
    }

    private static byte[] Frame(int size)
    {
        var bytes = new byte[size];
        new byte[] { 0, 3, (byte)((size - 20) >> 8), (byte)(size - 20), 0x21, 0x12, 0xA4, 0x42 }.CopyTo(bytes, 0);
        return bytes;
    }

    private static async Task ReadToEndAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Limit);
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
