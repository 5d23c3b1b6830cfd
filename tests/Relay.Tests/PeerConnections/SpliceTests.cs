using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.Relay.Tests.Hosting;

namespace NetDiscovery.Relay.Tests.PeerConnections;

/// <summary>Data connections (RFC 6062 §5.4, §5.5): nothing lost, nothing left, everything counted.</summary>
[Collection(nameof(AllocationFreeTests))]
public sealed class SpliceTests
{
    private const int Size = 3_000_000;

    [Theory]
    [InlineData(ClientTransport.Tcp)]
    [InlineData(ClientTransport.Tls)]
    public async Task Bytes_go_both_ways_at_once_unchanged_and_are_counted_exactly(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync(transport);
        await client.AllocateAsync(TcpRelay.Asked);
        var (data, accepted) = await client.JoinAsync(peer);
        using var peerStream = new NetworkStream(accepted, ownsSocket: true);
        var before = relay.SingleAllocation().Counters;
        Assert.Equal(0, before.BytesToPeer + before.BytesFromPeer);
        byte[] up = RandomNumberGenerator.GetBytes(Size), down = RandomNumberGenerator.GetBytes(Size + 12_345);
        var writing = Task.WhenAll(data.WriteAsync(up).AsTask(), peerStream.WriteAsync(down).AsTask());
        var arrived = await Task.WhenAll(peerStream.ReadExactlyAsync(up.Length), data.ReadExactlyAsync(down.Length));
        await writing;
        Assert.Equal(up, arrived[0]);
        Assert.Equal(down, arrived[1]);
        var counted = relay.SingleAllocation().Counters;
        Assert.Equal(up.Length, counted.BytesToPeer);
        Assert.Equal(down.Length, counted.BytesFromPeer);
        Assert.Equal(up.Length, counted.BytesFromClient - before.BytesFromClient);
        Assert.Equal(down.Length, counted.BytesToClient - before.BytesToClient);
        Assert.Equal(before.PacketsFromClient, counted.PacketsFromClient);
        Assert.Equal(0, counted.PacketsToPeer + counted.PacketsFromPeer);
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<UsageObserved>().Any(e => e.Totals.BytesToPeer == up.Length && e.Totals.BytesFromPeer == down.Length), "the report");
        await data.DisposeAsync();
    }

    [Fact]
    public async Task Messages_are_counted_from_Allocate_to_ConnectionBind()
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        var (sent, received) = (client.Counters.LegBytesSent - client.Counters.RefusedBytesSent, client.Counters.LegBytesReceived - client.Counters.RefusedBytesReceived);
        Assert.Equal((sent, received), (relay.SingleAllocation().Counters.BytesFromClient, relay.SingleAllocation().Counters.BytesToClient));
        var bind = client.BuildRequest(StunMethod.ConnectionBind, TransactionId.NewRandom(), (ref StunWriter writer) => writer.Add(new ConnectionId(1)), authenticate: true).Length;
        var (data, accepted) = await client.JoinAsync(peer);
        await accepted.SendAsync(new byte[1]);
        await data.ReadExactlyAsync(1);
        (sent, received) = (client.Counters.LegBytesSent - client.Counters.RefusedBytesSent, client.Counters.LegBytesReceived - client.Counters.RefusedBytesReceived);
        Assert.Equal(sent + bind, relay.SingleAllocation().Counters.BytesFromClient);
        Assert.InRange(relay.SingleAllocation().Counters.BytesToClient, received + 1 + 20, received + 1 + 200);
        Assert.Equal(3, relay.SingleAllocation().Counters.PacketsFromClient);
        await data.DisposeAsync();
        accepted.Dispose();
    }

    [Theory]
    [InlineData(ClientTransport.Tcp)]
    [InlineData(ClientTransport.Tls)]
    public async Task End_of_one_direction_is_passed_on_and_the_other_goes_on(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync(transport);
        await client.AllocateAsync(TcpRelay.Asked);
        var (data, accepted) = await client.JoinAsync(peer);
        await accepted.SendAsync("last words"u8.ToArray());
        accepted.Shutdown(SocketShutdown.Send);
        Assert.Equal("last words"u8.ToArray(), await data.ReadExactlyAsync(10));
        Assert.True(await data.EndsAsync());
        await data.WriteAsync("still here"u8.ToArray());
        Assert.Equal("still here"u8.ToArray(), await accepted.ReadAsync(10));
        await data.DisposeAsync();
        Assert.True(await accepted.EndsAsync());
        await RelayFixture.UntilAsync(() => relay.Server.Services.PeerConnections.Open == 0 && relay.Server.Connections == 1, "the end of both connections");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Closing_either_side_closes_the_other(bool clientCloses)
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        var (data, accepted) = await client.JoinAsync(peer);
        if (clientCloses)
        {
            await data.DisposeAsync();
            await accepted.EndsAsync();
            accepted.Dispose();
        }
        else
        {
            accepted.Dispose();
            await data.EndsAsync();
            await data.DisposeAsync();
        }

        await RelayFixture.UntilAsync(() => relay.Server.Services.PeerConnections.Open == 0 && relay.Server.Connections == 1, "the end of both connections");
        await client.RefreshAsync(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reset_of_one_side_resets_the_other(bool clientResets)
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        var id = await client.ConnectPeerAsync(peer.Address);
        using var accepted = await peer.AcceptAsync();
        var request = client.BuildRequest(StunMethod.ConnectionBind, TransactionId.NewRandom(), (ref StunWriter writer) => writer.Add(new ConnectionId(id)), authenticate: true);
        using var data = await TcpPeer.ConnectAsync(TransportAddress.From(relay.EndPoint));
        await data.SendAsync(request.Concat("x"u8.ToArray()).ToArray());
        await accepted.ReadAsync(1);
        await data.ReadAsync(4);
        var (resetting, other) = clientResets ? (data, accepted) : (accepted, data);
        resetting.LingerState = new LingerOption(true, 0);
        resetting.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var buffer = new byte[4096];
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (await other.ReceiveAsync(buffer, limit.Token) > 0)
            {
                // The rest of the response.
            }
        });
        await RelayFixture.UntilAsync(() => relay.Server.Services.PeerConnections.Open == 0 && relay.Server.Connections == 1, "the end of both connections");
    }

    [Fact]
    public async Task Half_closed_connection_that_falls_silent_ends()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(time: time);
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        var (data, accepted) = await client.JoinAsync(peer);
        accepted.Shutdown(SocketShutdown.Send);
        await data.EndsAsync();
        await data.WriteAsync(new byte[1]);
        await accepted.ReadAsync(1);
        await RelayFixture.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(30));
                return relay.Server.Services.PeerConnections.Open == 0;
            },
            "the end");
        await data.DisposeAsync();
        accepted.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Slow_reader_stops_its_sender_and_loses_nothing(bool toPeer)
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        var (data, accepted) = await client.JoinAsync(peer);
        using var peerStream = new NetworkStream(accepted, ownsSocket: true);
        var (from, to) = toPeer ? (data, (Stream)peerStream) : (peerStream, data);
        var buffers = DatagramBuffers.Shared.InUse;
        var chunk = RandomNumberGenerator.GetBytes(1 << 20);
        var sent = 0;
        Task writing;
        do
        {
            writing = from.WriteAsync(chunk).AsTask();
            sent++;
            Assert.True(sent < 64, "64 MiB were taken, and nobody reads");
        }
        while (await Task.WhenAny(writing, Task.Delay(1_000, TestContext.Current.CancellationToken)) == writing);

        var counters = relay.SingleAllocation().Counters;
        Assert.InRange(toPeer ? counters.BytesToPeer : counters.BytesFromPeer, 1, (long)sent << 20);

        // Fewer is no error: a connection of the test before may have given its own back meanwhile.
        Assert.InRange(DatagramBuffers.Shared.InUse - buffers, int.MinValue, 8);
        for (var i = 0; i < sent; i++)
        {
            Assert.Equal(chunk, await to.ReadExactlyAsync(chunk.Length));
        }

        await writing;
        counters = relay.SingleAllocation().Counters;
        Assert.Equal((long)sent << 20, toPeer ? counters.BytesToPeer : counters.BytesFromPeer);
        await data.DisposeAsync();
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("disconnect")]
    [InlineData("cut")]
    [InlineData("stop")]
    public async Task End_of_the_allocation_ends_its_connections_and_nothing_stays(string how)
    {
        await using var relay = RelayFixture.Start(options => (options.MinPort, options.MaxPort) = (6_800, 6_899));
        using var peer = new TcpPeer();
        using var second = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        var allocated = await client.AllocateAsync(TcpRelay.Asked);
        await client.CreatePermissionAsync(peer.Address);
        var (data, accepted) = await client.JoinAsync(peer);
        await client.ConnectPeerAsync(second.Address);
        using var waiting = await second.AcceptAsync();
        using var incoming = await TcpPeer.ConnectAsync(allocated.Relayed);
        await RelayFixture.UntilAsync(() => relay.Server.Services.PeerConnections.Open == 3, "three peer connections");
        switch (how)
        {
            case "delete":
                await client.RefreshAsync(0);
                break;
            case "disconnect":
                await client.DisposeAsync();
                break;
            case "cut":
                await RelayFixture.UntilAsync(() => relay.Cluster.Events.Count > 0, "the opening");
                relay.Cluster.Command(new CutAllocation(relay.Cluster.Events[0].Allocation));
                break;
            default:
                await relay.StopAsync();
                break;
        }

        foreach (var socket in new[] { accepted, waiting, incoming })
        {
            await socket.EndsAsync();
            socket.Dispose();
        }

        await data.EndsAsync();
        await data.DisposeAsync();
        await client.DisposeAsync();
        await RelayFixture.UntilAsync(
            () => relay.Server is { Allocations: 0, Connections: 0, FreePorts: 100 } && relay.Server.Services.PeerConnections.Open == 0 && OpenSockets(6_800) == 0,
            "no allocation, connection, port or socket left");
    }

    [Fact]
    public async Task Peer_that_is_no_longer_allowed_is_cut_off()
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        var (data, accepted) = await client.JoinAsync(peer);
        relay.Cluster.Change(relay.Tenant.Id, tenant => tenant with { Discovery = tenant.Discovery with { Peers = new PeerRules { Deny = ["127.0.0.0/8"] } } });
        await data.EndsAsync();
        await accepted.EndsAsync();
        Assert.Equal(403, await client.ConnectCodeAsync(peer.Address));
        await data.DisposeAsync();
        accepted.Dispose();
    }

    [Fact]
    public async Task Two_hundred_connections_one_after_the_other_leave_nothing()
    {
        await using var relay = RelayFixture.Start();
        var buffers = DatagramBuffers.Shared.InUse;
        await using (var client = await relay.ConnectStreamAsync())
        {
            await client.AllocateAsync(TcpRelay.Asked);
            for (var i = 0; i < 200; i++)
            {
                using var peer = new TcpPeer();
                var (data, accepted) = await client.JoinAsync(peer);
                await data.WriteAsync(new byte[100]);
                await accepted.ReadAsync(100);
                await data.DisposeAsync();
                await accepted.EndsAsync();
                accepted.Dispose();

                // The next peer may get the same port: while the relay has not seen the end, there is a connection with it.
                await RelayFixture.UntilAsync(() => relay.Server.Services.PeerConnections.Open == 0, "no connection with the peer");
            }

            Assert.Equal(20_000, relay.SingleAllocation().Counters.BytesToPeer);
        }

        await relay.UntilNothingIsLeftAsync();
        await RelayFixture.UntilAsync(() => DatagramBuffers.Shared.InUse <= buffers + 32, "the buffers");
    }

    // Sockets on relayed ports that hold a descriptor; what the kernel keeps in TIME_WAIT and the like has inode 0.
    private static int OpenSockets(int minPort) => File.ReadLines("/proc/net/tcp").Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Count(fields => Convert.ToInt32(fields[1][(fields[1].IndexOf(':', StringComparison.Ordinal) + 1)..], 16) is var port && port >= minPort && port < minPort + 100 && fields[9] != "0");
}
