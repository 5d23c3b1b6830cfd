using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Kernel.Tests.Fixtures;

/// <summary>A relay, a client with an allocation and a channel, and the peer at its other end.</summary>
internal sealed class Call : IAsyncDisposable
{
    private readonly byte[] ticket;
    private readonly MintedCredential credential;

    private Call(RelayFixture relay, TurnClient client, Peer peer, AllocateResult allocated, MintedCredential credential)
    {
        Relay = relay;
        Client = client;
        Peer = peer;
        Relayed = allocated.Relayed;
        ticket = allocated.MobilityTicket.ToArray();
        this.credential = credential;
    }

    public RelayFixture Relay { get; }

    public TurnClient Client { get; }

    public Peer Peer { get; }

    public TransportAddress Relayed { get; }

    public long KernelPackets => Relay.Server.Workers.Sum(worker => worker.Table.FastPath.Packets);

    /// <summary>True once no permission is left.</summary>
    public bool PeersDenied => Relay.SingleAllocation().Peers.Permissions.All(permission => permission.Verdict == RelayedAddresses.PeerVerdict.Denied);

    public static async Task<Call> OpenAsync(Network network, string mode, bool ipv6, bool checksumsByCard = false, TestTenant? tenant = null, TimeProvider? time = null, bool mobile = false, Action<Hosting.RelayOptions>? configure = null)
    {
        Surroundings.Need();
        network.SetChecksumsByCard(checksumsByCard);
        var relay = Network.StartRelay(mode, configure, tenant, time);
        try
        {
            Assert.True(relay.Server.KernelPath.On == (mode != "off"), relay.Server.KernelPath.State);
            return await OpenAsync(network, relay, ipv6, mobile);
        }
        catch
        {
            // Its programs would be in the way of all tests that follow.
            await relay.DisposeAsync();
            throw;
        }
    }

    /// <summary>There and back.</summary>
    public async Task PingPongAsync(byte[] data)
    {
        await Client.SendAsync(Peer.Address, data);
        var (there, from) = await Peer.ReceiveAsync();
        Assert.Equal(data, there);
        Assert.Equal(Relayed, from);
        await Peer.SendAsync(data, Relayed);
        var back = await Client.ReceiveAsync(new CancellationTokenSource(10_000).Token);
        Assert.Equal(data, back.Data.ToArray());
        Assert.Equal(Peer.Address, back.Peer);
    }

    /// <summary>Neither there nor back: what is sent before a Binding is answered was dropped by then.</summary>
    public async Task NothingPassesAsync()
    {
        var before = (Client.Counters.DatagramsReceived, KernelPackets);
        for (var i = 0; i < 20; i++)
        {
            await Client.SendRawAsync(new byte[] { 0x40, 0, 0, 1, 9 });
            await Peer.SendAsync([8], Relayed);
        }

        await Client.BindingAsync();
        Assert.True(Peer.IsQuiet);
        Assert.Equal(before, (Client.Counters.DatagramsReceived, KernelPackets));
    }

    /// <summary>Waits until what the kernel counted is in the journal.</summary>
    public async Task<long> SettledAsync(long expected)
    {
        if (Relay.Server.KernelPath.On)
        {
            await RelayFixture.UntilAsync(() => KernelPackets >= expected, $"{expected} packets of the kernel are settled");
        }

        return KernelPackets;
    }

    /// <summary>The journal says what the client says.</summary>
    public async Task AgreeAsync(bool exactly = true)
    {
        var mine = Client.Counters;
        await RelayFixture.UntilAsync(() => Counters().PacketsToPeer >= mine.DatagramsReceived + 1 && Counters().PacketsFromPeer >= mine.DatagramsReceived, "all packets are in the journal");
        var counters = Counters();
        Assert.Equal((mine.PayloadBytesReceived, mine.DatagramsReceived), (counters.BytesFromPeer, counters.PacketsFromPeer));
        if (exactly)
        {
            Assert.Equal((mine.PayloadBytesSent, mine.DatagramsSent), (counters.BytesToPeer, counters.PacketsToPeer));
            LegsAgree(mine, counters.BytesFromClient, counters.BytesToClient);
        }
    }

    /// <summary>Bytes between client and relay agree, requests included. On a slow machine a request may be sent again and come in vain; then only data can be compared.</summary>
    public static void LegsAgree(ClientCounters mine, long bytesFromClient, long bytesToClient)
    {
        if (mine.Retransmissions == 0)
        {
            Assert.Equal(mine.LegBytesSent - mine.RefusedBytesSent, bytesFromClient);
            Assert.Equal(mine.LegBytesReceived - mine.RefusedBytesReceived, bytesToClient);
        }
        else
        {
            Assert.InRange(bytesFromClient, mine.MediaBytesSent, mine.LegBytesSent);
            Assert.InRange(bytesToClient, mine.MediaBytesReceived, long.MaxValue);
        }
    }

    /// <summary>Deletes the allocation; the cluster hears the same totals.</summary>
    public async Task EndAsync()
    {
        await PingPongAsync([1, 2, 3]); // not settled yet when the end comes
        var mine = Client.Counters;
        await Client.RefreshAsync(0);
        var end = await EndedAsync(AllocationCloseReason.Deleted);
        Assert.Equal((mine.PayloadBytesSent, mine.PayloadBytesReceived), (end.BytesToPeer, end.BytesFromPeer));
        Assert.Equal((mine.DatagramsSent, mine.DatagramsReceived), (end.PacketsToPeer, end.PacketsFromPeer));
    }

    /// <summary>Waits for the end to be reported.</summary>
    public async Task<UsageTotals> EndedAsync(AllocationCloseReason reason)
    {
        AllocationClosed? end = null;
        await RelayFixture.UntilAsync(() => (end = Relay.Cluster.Events.OfType<AllocationClosed>().SingleOrDefault()) is not null, "the end is reported");
        Assert.Equal(reason, end!.Reason);
        Assert.Equal(Client.Counters.PayloadBytesReceived, end.Totals.BytesFromPeer);
        return end.Totals;
    }

    /// <summary>The client from another port, with its ticket (RFC 8016).</summary>
    public async Task<TurnClient> MoveAsync(Network network)
    {
        var moved = network.Connect(Relay, Peer.Address.Family == IPFamily.IPv6, credential);
        await moved.RefreshAsync(600, ticket);
        moved.AdoptChannel(Peer.Address, 0x4000);
        return moved;
    }

    private static async Task<Call> OpenAsync(Network network, RelayFixture relay, bool ipv6, bool mobile)
    {
        var credential = relay.Mint();
        var client = network.Connect(relay, ipv6, credential);
        var peer = network.OpenPeer(ipv6);
        var allocated = await client.AllocateAsync(new AllocateOptions { Family = peer.Address.Family, Mobility = mobile });

        // The relay's kernel gets to know the peer, as it does in any session that begins with a Send indication.
        await client.CreatePermissionAsync(peer.Address);
        await client.SendAsync(peer.Address, new byte[] { 0 });
        await peer.ReceiveAsync();
        await client.BindChannelAsync(peer.Address);
        return new Call(relay, client, peer, allocated, credential);
    }

    public (long BytesFromClient, long BytesToClient, long BytesToPeer, long BytesFromPeer, long PacketsToPeer, long PacketsFromPeer) Counters() => CountersOf(Relay);

    public static (long BytesFromClient, long BytesToClient, long BytesToPeer, long BytesFromPeer, long PacketsToPeer, long PacketsFromPeer) CountersOf(RelayFixture relay)
    {
        var counters = relay.SingleAllocation().Counters;
        return (counters.BytesFromClient, counters.BytesToClient, counters.BytesToPeer, counters.BytesFromPeer, counters.PacketsToPeer, counters.PacketsFromPeer);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        Peer.Dispose();
        await Relay.DisposeAsync();
    }
}
