using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Listeners;

/// <summary>Whatever carries the datagrams, what is counted is the same.</summary>
public sealed class PathParityTests
{
    [Theory]
    [InlineData(ClientTransport.Udp)]
    [InlineData(ClientTransport.Tcp)]
    public async Task Every_path_counts_the_same(ClientTransport transport)
    {
        var portable = await CountAsync(DatagramPathChoice.Portable, transport);
        var batched = await CountAsync(DatagramPathChoice.Batched, transport);
        Assert.Equal(portable, batched);
        Assert.Equal((150, 150), (portable.PacketsToPeer, portable.PacketsFromPeer));
        Assert.Equal((160, 150), (portable.PacketsFromClient, portable.PacketsToClient));
        Assert.Equal(300, portable.Packets);
    }

    private static async Task<Counted> CountAsync(string path, ClientTransport transport)
    {
        await using var relay = RelayFixture.Start(options =>
        {
            options.DatagramPath = path;
            options.AllowPeers = [.. options.AllowPeers, "255.255.255.255/32"];
        });
        await using var client = await relay.ConnectAsync(transport);
        using var echo = new EchoPeer();
        using var stranger = new Peer(System.Net.IPAddress.Parse("127.0.0.77"));
        var relayed = (await client.AllocateAsync()).Relayed;
        var nowhere = Protocol.TransportAddress.Parse("255.255.255.255:9");
        await client.BindChannelAsync(nowhere);
        await client.CreatePermissionAsync(echo.Address);
        var worker = relay.Server.Workers.Single(worker => worker.Table.Count == 1);
        var slot = relay.SingleAllocation().Slot;
        var before = Read();
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 50; i++)
            {
                await client.SendAsync(echo.Address, new byte[100 + i]);
                await stranger.SendAsync([1, 2, 3], relayed);
            }

            for (var i = 0; i < 50; i++)
            {
                await client.NextAsync($"echo {i} of round {round}");
            }

            if (round == 0)
            {
                // From here on over a channel.
                await BindAsync();
            }
        }

        // The system refuses to broadcast: received from the client, and nothing more.
        for (var i = 0; i < 10; i++)
        {
            await client.SendAsync(nowhere, new byte[50]);
        }

        await RelayFixture.UntilAsync(() => Read().PacketsFromClient - before.PacketsFromClient == 160, "the last packet");
        return Read() - before;

        async Task BindAsync()
        {
            var start = Read();
            await client.BindChannelAsync(echo.Address);
            before += Read() - start;
        }

        Counted Read()
        {
            lock (worker.Gate)
            {
                return new Counted(slot.Counters, worker.Media.Packets + worker.Table.FastPath.Packets, worker.Media.Bytes + worker.Table.FastPath.Bytes);
            }
        }
    }

    private sealed record Counted(
        long BytesFromClient, long BytesToClient, long BytesToPeer, long BytesFromPeer,
        long PacketsFromClient, long PacketsToClient, long PacketsToPeer, long PacketsFromPeer, long Packets, long Bytes)
    {
        public Counted(UsageCounters counters, long packets, long bytes)
            : this(counters.BytesFromClient, counters.BytesToClient, counters.BytesToPeer, counters.BytesFromPeer,
                counters.PacketsFromClient, counters.PacketsToClient, counters.PacketsToPeer, counters.PacketsFromPeer, packets, bytes)
        {
        }

        public static Counted operator -(Counted left, Counted right) => left + new Counted(
            -right.BytesFromClient, -right.BytesToClient, -right.BytesToPeer, -right.BytesFromPeer,
            -right.PacketsFromClient, -right.PacketsToClient, -right.PacketsToPeer, -right.PacketsFromPeer, -right.Packets, -right.Bytes);

        public static Counted operator +(Counted left, Counted right) => new(
            left.BytesFromClient + right.BytesFromClient, left.BytesToClient + right.BytesToClient,
            left.BytesToPeer + right.BytesToPeer, left.BytesFromPeer + right.BytesFromPeer,
            left.PacketsFromClient + right.PacketsFromClient, left.PacketsToClient + right.PacketsToClient,
            left.PacketsToPeer + right.PacketsToPeer, left.PacketsFromPeer + right.PacketsFromPeer, left.Packets + right.Packets, left.Bytes + right.Bytes);
    }
}
