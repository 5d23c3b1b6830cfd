using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol.Turn;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Hosting;

[CollectionDefinition(nameof(AllocationFreeTests), DisableParallelization = true)]
public sealed class AllocationFreeCollection;

/// <summary>The media path makes no garbage: a collection would stop it.</summary>
[Collection(nameof(AllocationFreeTests))]
public sealed class AllocationFreeTests
{
    [Theory]
    [InlineData(ClientTransport.Udp)]
    [InlineData(ClientTransport.Tcp)]
    public async Task A_packet_in_either_direction_allocates_nothing_on_its_thread(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(transport);
        using var peer = new Peer();
        await client.AllocateAsync();
        await client.BindChannelAsync(peer.Address, 0x4000);
        client.DatagramReceived = (_, _) => { };
        var allocation = relay.SingleAllocation();
        var worker = relay.Server.Workers.Single(worker => worker.Table.Count == 1);
        var frame = new byte[164];
        ChannelData.Write(frame, 0x4000, new byte[160], stream: true);
        var buffer = new byte[DatagramBuffers.Headroom + 2048];
        long allocated = 0;
        for (var round = 0; round < 3; round++)
        {
            lock (worker.Gate)
            {
                // A stream's first buffer of a batch: the pool may have it with the thread that sent it off, out of this one's reach.
                ArrayPool<byte>.Shared.Return(ArrayPool<byte>.Shared.Rent(4096));
                var before = GC.GetAllocatedBytesForCurrentThread();
                for (var i = 0; i < 1_000; i++)
                {
                    worker.OnMessage(frame, allocation.FiveTuple, allocation.Leg);
                    worker.Media.OnPeerData(allocation.IPv4!, buffer, 160, peer.Address);
                }

                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        // A stream write that must wait for the kernel may leave its state on the heap once; a packet never does.
        Assert.Equal(0, transport == ClientTransport.Udp ? allocated : allocated / 2_000);
        Assert.True(allocation.Counters.PacketsToPeer >= 3_000);
    }

    [Fact]
    public async Task A_hundred_thousand_packets_through_real_sockets_stay_within_a_small_budget()
    {
        // A clock that stands still: what the relay does by the clock makes garbage, the more the longer the machine takes for the packets.
        // Never past the process: what the kernel forwards is counted by the clock.
        await using var relay = RelayFixture.Start(options => options.KernelPath = RelayOptions.KernelPathOff, time: new FakeTimeProvider(DateTimeOffset.UtcNow));
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        var local = client.Local;
        await client.AllocateAsync();
        await client.BindChannelAsync(peer.Address, 0x4000);
        await client.DisposeAsync();

        // The client's port, taken over by a socket that makes no garbage of its own.
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.Bind(local.ToIPEndPoint());
        var relayAddress = new IPEndPoint(IPAddress.Loopback, relay.Options.Port).Serialize();
        var frame = new byte[164];
        ChannelData.Write(frame, 0x4000, new byte[160], stream: false);
        var allocation = relay.SingleAllocation();
        Send(10_000);
        var packets = allocation.Counters.PacketsToPeer;
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Send(100_000);
        var bytes = GC.GetTotalAllocatedBytes(precise: true) - before;
        var relayed = allocation.Counters.PacketsToPeer - packets;
        TestContext.Current.TestOutputHelper?.WriteLine($"{relayed} packets relayed, {bytes} bytes allocated");
        Assert.Equal(100_000, relayed);
        Assert.True(bytes < relayed, $"{bytes} bytes allocated for {relayed} packets");

        void Send(int count)
        {
            var start = allocation.Counters.PacketsToPeer;
            for (var sent = 0; sent < count; sent += 100)
            {
                for (var i = 0; i < 100; i++)
                {
                    sender.SendTo(frame, SocketFlags.None, relayAddress);
                }

                // At the relay's own pace, so that no kernel buffer overflows however busy the machine is.
                // On this thread: a continuation queued for each look would be garbage of the test's own.
                var since = Stopwatch.GetTimestamp();
                while (allocation.Counters.PacketsToPeer < start + sent + 100)
                {
                    if (Stopwatch.GetElapsedTime(since) > TimeSpan.FromSeconds(60))
                    {
                        Assert.Fail($"{allocation.Counters.PacketsToPeer - start} of {sent + 100} packets were relayed; the others are lost.");
                    }

                    Thread.Yield();
                }
            }
        }
    }
}
