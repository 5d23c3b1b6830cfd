using System.Diagnostics;
using System.Net;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Kernel.Tests.Fixtures;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.TestKit;

namespace NetDiscovery.Relay.Kernel.Tests.Forwarding;

/// <summary>The same relay, the same client, the same peer, with the kernel path and without: nobody may notice a difference, least of all the ledger.</summary>
[Collection(Network.OneAtATime)]
public sealed class KernelPathTests(Network network)
{
    public static TheoryData<string, bool> Modes => new() { { "off", false }, { "off", true }, { "xdp", false }, { "xdp", true }, { "tc", false }, { "tc", true } };

    public static TheoryData<string> KernelModes => ["xdp", "tc"];

    [Theory, MemberData(nameof(Modes))]
    public async Task Data_of_every_size_goes_both_ways_and_is_metered_to_the_byte(string mode, bool ipv6)
    {
        await using var path = await Call.OpenAsync(network, mode, ipv6);
        var clock = Stopwatch.StartNew();
        var sizes = Enumerable.Range(0, 40).Concat([160, 511, 512, 513, 1000, 1199, 1200, 1400]).ToArray();
        foreach (var size in sizes)
        {
            await path.PingPongAsync(Data(size));
        }

        await path.PingPongAsync(Data(9000)); // in fragments: through the process in any mode
        await path.AgreeAsync();

        // One in 65,536 complete checksums looks to TC like one that is not; and in ten seconds one datagram each way goes through the process, to keep the neighbours known.
        var visits = 2 * (int)(clock.Elapsed.TotalSeconds / 10);
        Assert.InRange(path.KernelPackets, mode == "off" ? 0 : (2 * sizes.Length) - 1 - visits, mode == "off" ? 0 : 2 * sizes.Length);
        await path.EndAsync();
    }

    [Theory, MemberData(nameof(KernelModes))]
    public async Task Checksums_left_to_the_network_card_cost_nothing_but_speed(string mode)
    {
        await using var path = await Call.OpenAsync(network, mode, ipv6: false, checksumsByCard: true);
        for (var size = 0; size < 300; size += 7)
        {
            await path.PingPongAsync(Data(size));
        }

        await path.AgreeAsync();
        Assert.Equal(mode == "xdp" ? 2 * 43 : 0, path.KernelPackets);
        await path.EndAsync();
    }

    [Theory, MemberData(nameof(KernelModes))]
    public async Task Bursts_that_arrive_together_are_forwarded_by_the_kernel(string mode)
    {
        const int Bursts = 20, Burst = 8;
        using var gathering = Network.GatherFrames();
        await using var path = await Call.OpenAsync(network, mode, ipv6: false);
        await path.PingPongAsync(Data(100));
        for (var burst = 0; burst < Bursts; burst++)
        {
            for (var i = 0; i < Burst; i++)
            {
                await path.Client.SendAsync(path.Peer.Address, Data(100));
                await path.Peer.SendAsync(Data(100), path.Relayed);
            }

            for (var i = 0; i < Burst; i++)
            {
                Assert.Equal(Data(100), (await path.Peer.ReceiveAsync()).Data);
                Assert.Equal(Data(100), (await path.Client.ReceiveAsync(new CancellationTokenSource(10_000).Token)).Data.ToArray());
            }
        }

        await path.AgreeAsync();
        var all = 2 * ((Bursts * Burst) + 1);
        Assert.InRange(path.KernelPackets, all - 8, all); // now and then one goes through the process, to keep the neighbours known
        await path.EndAsync();
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Padding_behind_channel_data_is_counted_and_not_delivered(string mode, bool ipv6)
    {
        await using var path = await Call.OpenAsync(network, mode, ipv6);
        for (var padding = 0; padding < 4; padding++)
        {
            await path.Client.SendRawAsync(new byte[] { 0x40, 0, 0, 5, 1, 2, 3, 4, 5 }.Concat(new byte[padding]).ToArray());
            Assert.Equal([1, 2, 3, 4, 5], (await path.Peer.ReceiveAsync()).Data);
        }

        Assert.Equal(mode == "off" ? 0 : 4, await path.SettledAsync(expected: 4));
        var counters = path.Counters();
        Assert.Equal((21L, 5L), (counters.BytesToPeer, counters.PacketsToPeer));
        Call.LegsAgree(path.Client.Counters, counters.BytesFromClient, counters.BytesToClient);
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Nothing_passes_once_the_allocation_has_ended(string mode, bool ipv6)
    {
        await using var path = await Call.OpenAsync(network, mode, ipv6);
        await path.PingPongAsync(Data(100));
        await path.Client.RefreshAsync(0);
        await path.NothingPassesAsync();
        await path.EndedAsync(AllocationCloseReason.Deleted);
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Nothing_passes_once_the_tenant_denies_the_peer(string mode, bool ipv6)
    {
        await using var path = await Call.OpenAsync(network, mode, ipv6);
        await path.PingPongAsync(Data(100));
        path.Relay.Cluster.Change(path.Relay.Tenant.Id, tenant => tenant with { Discovery = tenant.Discovery with { Peers = new PeerRules { Deny = ["10.2.0.0/16", "fd02::/16"] } } });
        await RelayFixture.UntilAsync(() => path.PeersDenied, "the relay has the tenant's new rules");
        await path.NothingPassesAsync();
        Assert.Equal(0, path.Relay.Server.KernelPath.Channels);
        await path.AgreeAsync(exactly: false);
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Nothing_passes_once_the_tenant_is_suspended(string mode, bool ipv6)
    {
        await using var path = await Call.OpenAsync(network, mode, ipv6);
        await path.PingPongAsync(Data(100));
        path.Relay.Cluster.Change(path.Relay.Tenant.Id, tenant => tenant with { Status = TenantStatus.Suspended });
        await RelayFixture.UntilAsync(() => path.Relay.Server.Allocations == 0, "the allocation was cut");
        await path.NothingPassesAsync();
        await path.EndedAsync(AllocationCloseReason.TenantInactive);
    }

    [Theory, MemberData(nameof(KernelModes))]
    public async Task Tenants_with_a_limit_on_bandwidth_go_through_the_process(string mode)
    {
        var tenant = new TestTenant(DiscoveryConfiguration.Default with { Quotas = new Quotas { BitsPerSecond = 100_000_000 } });
        await using var path = await Call.OpenAsync(network, mode, ipv6: false, tenant: tenant);
        await path.PingPongAsync(Data(100));
        Assert.Equal(0, path.Relay.Server.KernelPath.Channels);
        await path.AgreeAsync();
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Expired_channels_and_permissions_carry_nothing(string mode, bool ipv6)
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var path = await Call.OpenAsync(network, mode, ipv6, time: time);
        await path.PingPongAsync(Data(10));
        time.Advance(TimeSpan.FromSeconds(295));
        await path.PingPongAsync(Data(11));
        time.Advance(TimeSpan.FromSeconds(6)); // the permission's 5 minutes are over; the channel has as long again
        await path.NothingPassesAsync();
        await path.Client.CreatePermissionAsync(path.Peer.Address);
        await path.PingPongAsync(Data(12));
        time.Advance(TimeSpan.FromSeconds(1));
        await path.AgreeAsync(exactly: false);
    }

    [Theory, MemberData(nameof(KernelModes))]
    public async Task Call_goes_on_after_its_relay_was_killed_and_every_datagram_is_billed_once(string mode)
    {
        Surroundings.Need();
        network.SetChecksumsByCard(false);
        using var temporary = new TempFolder();
        var folder = temporary.Path;
        using var killed = await KilledRelay.StartAsync(folder, mode);
        await using var client = await network.ClientSide.Run(() => new TurnClient(new TurnClientOptions
        {
            Server = new IPEndPoint(Network.Relay4, killed.Port),
            Transport = ClientTransport.Udp,
            Username = killed.Username,
            Password = killed.Password,
        }).ConnectAsync());
        using var peer = network.OpenPeer(ipv6: false);
        var relayed = (await client.AllocateAsync()).Relayed;
        await client.BindChannelAsync(peer.Address);
        await PingPongAsync(500);

        killed.Kill();
        await using var successor = Network.StartRelay(mode, options => (options.DataPath, options.Port) = (folder, killed.Port), new TestTenant(seed: folder));
        await RelayFixture.UntilAsync(() => successor.Server.Allocations == 1, "the allocation goes on");
        var counters = Call.CountersOf(successor);
        Assert.Equal((500L, 500L), (counters.PacketsToPeer, counters.PacketsFromPeer));
        Assert.Equal((client.Counters.PayloadBytesSent, client.Counters.PayloadBytesReceived), (counters.BytesToPeer, counters.BytesFromPeer));
        Call.LegsAgree(client.Counters, counters.BytesFromClient, counters.BytesToClient);

        await PingPongAsync(300);
        await RelayFixture.UntilAsync(() => successor.Server.Workers.Sum(worker => worker.Table.FastPath.Packets) > 0, "the kernel forwards again");
        await client.RefreshAsync(0);
        AllocationClosed? end = null;
        await RelayFixture.UntilAsync(() => (end = successor.Cluster.Events.OfType<AllocationClosed>().SingleOrDefault()) is not null, "the end is reported");
        Assert.Equal((800L, 800L), (end!.Totals.PacketsToPeer, end.Totals.PacketsFromPeer));
        Assert.Equal((client.Counters.PayloadBytesSent, client.Counters.PayloadBytesReceived), (end.Totals.BytesToPeer, end.Totals.BytesFromPeer));

        async Task PingPongAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                await client.SendAsync(peer.Address, Data(i));
                Assert.Equal(i, (await peer.ReceiveAsync()).Data.Length);
                await peer.SendAsync(Data(i), relayed);
                Assert.Equal(i, (await client.ReceiveAsync(new CancellationTokenSource(10_000).Token)).Data.Length);
            }
        }
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Client_that_moves_takes_its_channels_along(string mode, bool ipv6)
    {
        await using var path = await Call.OpenAsync(network, mode, ipv6, mobile: true);
        await path.PingPongAsync(Data(100));
        await using var moved = await path.MoveAsync(network);
        for (var i = 0; i < 20; i++)
        {
            await moved.SendAsync(path.Peer.Address, new byte[] { 9 });
            Assert.Equal([9], (await path.Peer.ReceiveAsync()).Data);
            await path.Peer.SendAsync([8], path.Relayed);
            Assert.Equal([8], (await moved.ReceiveAsync(new CancellationTokenSource(10_000).Token)).Data.ToArray());
        }

        // The old 5-tuple is nobody's.
        await path.Client.SendRawAsync(new byte[] { 0x40, 0, 0, 1, 7 });
        await path.Client.BindingAsync();
        Assert.True(path.Peer.IsQuiet);
        await path.SettledAsync(expected: 2 + 38);
        var counters = path.Counters();
        Assert.Equal((1L + 1 + 20, 1L + 20), (counters.PacketsToPeer, counters.PacketsFromPeer));
        Assert.Equal((1L + 100 + 20, 100L + 20), (counters.BytesToPeer, counters.BytesFromPeer));
    }

    [Fact]
    public async Task Without_the_rights_the_path_is_off_and_says_why()
    {
        Surroundings.Need();
        await using var relay = Rights.Without(() => Network.StartRelay("auto"));
        Assert.False(relay.Server.KernelPath.On);
        Assert.Contains("CAP_PERFMON", relay.Server.KernelPath.State, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Three_rights_are_enough()
    {
        Surroundings.Need();
        await using var relay = Rights.WithForwardingOnly(() => Network.StartRelay("auto"));
        Assert.True(relay.Server.KernelPath.State == "tc on rc, rp", relay.Server.KernelPath.State);
    }

    [Fact]
    public async Task Interface_that_is_not_there_is_named()
    {
        Surroundings.Need();
        await using var relay = Network.StartRelay("auto", options => options.KernelInterfaces = ["nothere"]);
        Assert.Contains("nothere", relay.Server.KernelPath.State, StringComparison.Ordinal);
    }

    private static byte[] Data(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)((i * 7) + size))];
}
