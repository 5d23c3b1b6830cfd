using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.KernelPath;

/// <summary>With RELAY_KERNEL_PATH=xdp the whole suite runs with the kernel forwarding on loopback. This holds such a run to it.</summary>
public sealed class LoopbackTests
{
    [Fact]
    public async Task The_kernel_forwards_on_loopback_if_this_run_asks_for_it_and_only_then()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        var relayed = (await client.AllocateAsync()).Relayed;
        await client.BindChannelAsync(peer.Address);
        for (var i = 0; i < 10; i++)
        {
            await client.SendAsync(peer.Address, new byte[100 + i]);
            Assert.Equal(100 + i, (await peer.ReceiveAsync()).Data.Length);
            await peer.SendAsync(new byte[200 + i], relayed);
            Assert.Equal(200 + i, (await client.NextAsync("the peer's data")).Data.Length);
        }

        var counters = relay.SingleAllocation().Counters;
        Assert.Equal((10, 10), (counters.PacketsToPeer, counters.PacketsFromPeer));
        var asked = RelayFixture.KernelPath != RelayOptions.KernelPathOff;
        Assert.Equal(asked ? $"{RelayFixture.KernelPath} on lo" : "off: Relay:KernelPath is off", relay.Server.KernelPath.State);
        Assert.Equal(asked ? 20 : 0, relay.Server.Workers.Sum(worker => worker.Table.FastPath.Packets));
    }
}
