using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Kernel.Tests.Fixtures;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Kernel.Tests.Forwarding;

/// <summary>The same traffic in every mode there is: the journal's counters and the relay's own are the same numbers.</summary>
[Collection(Network.OneAtATime)]
public sealed class ModeParityTests(Network network)
{
    private const int Rounds = 60;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_mode_counts_the_same(bool ipv6)
    {
        var (portable, _) = await CountAsync("off", DatagramPathChoice.Portable, ipv6);
        Assert.Equal((3 * Rounds, 3 * Rounds), (portable.PacketsFromClient, portable.PacketsToClient));
        Assert.Equal((3 * Rounds, 3 * Rounds), (portable.PacketsToPeer, portable.PacketsFromPeer));
        foreach (var (mode, path) in new[] { ("off", DatagramPathChoice.Batched), ("xdp", DatagramPathChoice.Batched), ("tc", DatagramPathChoice.Batched), ("tc", DatagramPathChoice.Portable) })
        {
            var (counted, byKernel) = await CountAsync(mode, path, ipv6);
            Assert.True(portable == counted, $"{mode} on {path}: {counted}, but portable: {portable}");

            // What has no channel, and one datagram in ten seconds to keep the neighbours known, goes through the process.
            Assert.True(byKernel >= (mode == "off" ? 0 : 2 * Rounds) && byKernel <= (mode == "off" ? 0 : 4 * Rounds), $"{mode} on {path}: the kernel forwarded {byKernel} datagrams.");
        }
    }

    private async Task<(Counted Counted, long ByKernel)> CountAsync(string mode, string path, bool ipv6)
    {
        await using var call = await Call.OpenAsync(network, mode, ipv6, configure: options => options.DatagramPath = path);
        using var other = network.OpenPeer(ipv6);
        var worker = call.Relay.Server.Workers.Single(worker => worker.Table.Count == 1);
        var slot = call.Relay.SingleAllocation().Slot;

        // Requests are counted once they are answered; what comes after them finds that done.
        await call.Client.BindingAsync();
        var before = Read();
        for (var i = 0; i < Rounds; i++)
        {
            await call.PingPongAsync(new byte[i * 20]);

            // On the channel with padding, and on no channel: the other port of a peer that has permission.
            await call.Client.SendRawAsync(new byte[] { 0x40, 0, 0, 2, 1, 2, 0, 0 });
            Assert.Equal([1, 2], (await call.Peer.ReceiveAsync()).Data);
            await call.Client.SendAsync(other.Address, new byte[i]);
            Assert.Equal(i, (await other.ReceiveAsync()).Data.Length);
            await other.SendAsync(new byte[i + 1], call.Relayed);
            await ReceivedAsync(i + 1);
            await call.Peer.SendAsync(new byte[3], call.Relayed);
            await ReceivedAsync(3);

            // For nobody.
            await call.Client.SendRawAsync(new byte[] { 0x4f, 0xfe, 0, 1, 9, 0, 0, 0 });
        }

        await RelayFixture.UntilAsync(() => Read() - before is { PacketsFromClient: >= 3 * Rounds, PacketsToClient: >= 3 * Rounds, Packets: >= 6 * Rounds }, "all packets are counted");
        return (Read() - before, call.KernelPackets);

        async Task ReceivedAsync(int size) => Assert.Equal(size, (await call.Client.ReceiveAsync(new CancellationTokenSource(10_000).Token)).Data.Length);

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

        public static Counted operator -(Counted left, Counted right) => new(
            left.BytesFromClient - right.BytesFromClient, left.BytesToClient - right.BytesToClient,
            left.BytesToPeer - right.BytesToPeer, left.BytesFromPeer - right.BytesFromPeer,
            left.PacketsFromClient - right.PacketsFromClient, left.PacketsToClient - right.PacketsToClient,
            left.PacketsToPeer - right.PacketsToPeer, left.PacketsFromPeer - right.PacketsFromPeer, left.Packets - right.Packets, left.Bytes - right.Bytes);
    }
}
