using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.PeerConnections;

/// <summary>Allocate and Connect for TCP (RFC 6062 §5.1, §5.2).</summary>
public sealed class ConnectTests
{
    [Theory]
    [InlineData(ClientTransport.Udp)]
    [InlineData(ClientTransport.Dtls)]
    public async Task Allocate_for_TCP_over_datagrams_answers_400(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(transport, change: options => transport == ClientTransport.Dtls
            ? options with { Server = relay.TlsEndPoint, CertificateValidation = (_, _, _, _) => true }
            : options);
        Assert.Equal(400, await AllocateCodeAsync(client));
    }

    [Fact]
    public async Task Allocate_for_TCP_with_attributes_of_datagrams_answers_400()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectStreamAsync();
        Assert.Equal(400, await AllocateCodeAsync(client, (ref StunWriter writer) => writer.Add(new EvenPort(false))));
        Assert.Equal(400, await AllocateCodeAsync(client, (ref StunWriter writer) => writer.Add(new ReservationToken(1))));
        Assert.Equal(400, await AllocateCodeAsync(client, (ref StunWriter writer) => writer.Add(default(DontFragment))));
        Assert.Equal(0, await AllocateCodeAsync(client));
    }

    [Fact]
    public async Task Allocate_for_another_protocol_or_where_TCP_relaying_is_off_answers_442()
    {
        await using var relay = RelayFixture.Start(options => options.TcpRelaying = false);
        await using var client = await relay.ConnectStreamAsync();
        Assert.Equal(442, await AllocateCodeAsync(client));
        await using var other = RelayFixture.Start();
        await using var asking = await other.ConnectStreamAsync();
        Assert.Equal(442, await AllocateCodeAsync(asking, protocol: 132));
    }

    [Fact]
    public async Task TCP_allocation_of_two_families_gets_the_first_and_is_told_why()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectStreamAsync();
        var allocated = await client.AllocateAsync(TcpRelay.Asked with { AdditionalFamily = IPFamily.IPv6 });
        Assert.Equal(IPFamily.IPv4, allocated.Relayed.Family);
        Assert.Equal(440, allocated.AdditionalErrorCode);
    }

    [Fact]
    public async Task Connect_without_allocation_answers_437_and_on_a_UDP_allocation_403()
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        Assert.Equal(437, await client.ConnectCodeAsync(peer.Address));
        await client.AllocateAsync();
        Assert.Equal(403, await client.ConnectCodeAsync(peer.Address));
    }

    [Fact]
    public async Task Connect_without_a_usable_peer_is_refused()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        Assert.Equal(400, await client.CodeAsync(StunMethod.Connect));
        Assert.Equal(400, await client.CodeAsync(StunMethod.Connect, (ref StunWriter writer) => writer.Add(AttributeType.XorPeerAddress, [0, 1, 2])));
        Assert.Equal(400, await client.ConnectCodeAsync(TransportAddress.Parse("127.0.0.1:0")));
        Assert.Equal(443, await client.ConnectCodeAsync(TransportAddress.Parse("[::1]:80")));
        Assert.Equal(403, await client.ConnectCodeAsync(TransportAddress.Parse("10.0.0.1:80")));
        Assert.Equal(403, await client.ConnectCodeAsync(TransportAddress.Parse("169.254.169.254:80")));
        Assert.Equal(403, await client.ConnectCodeAsync(TransportAddress.From(relay.EndPoint)));
        Assert.Equal(0, relay.Server.Services.PeerConnections.Open);
    }

    [Fact]
    public async Task Connect_to_a_peer_that_refuses_answers_447()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        var peer = new TcpPeer();
        peer.Dispose();
        Assert.Equal(447, await client.ConnectCodeAsync(peer.Address));
        Assert.Equal(0, relay.Server.Services.PeerConnections.Open);
    }

    [Fact]
    public async Task Connect_to_a_peer_that_says_nothing_answers_447_after_30_seconds_and_446_to_the_same_again()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(time: time);
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        using var peer = new TcpPeer(backlog: 0);
        using var first = await TcpPeer.ConnectAsync(peer.Address);
        var waiting = client.ConnectCodeAsync(peer.Address);
        await RelayFixture.UntilAsync(() => relay.Server.Services.PeerConnections.Open == 1, "the attempt");
        Assert.Equal(446, await client.ConnectCodeAsync(peer.Address));
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(446, await client.ConnectCodeAsync(peer.Address));
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(447, await waiting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal(0, relay.Server.Services.PeerConnections.Open);
    }

    [Fact]
    public async Task Connect_to_the_same_peer_twice_answers_446_pending_and_bound()
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        var id = await client.ConnectPeerAsync(peer.Address);
        using var accepted = await peer.AcceptAsync();
        Assert.Equal(446, await client.ConnectCodeAsync(peer.Address));
        await using var data = await client.OpenConnectionAsync(id);
        Assert.Equal(446, await client.ConnectCodeAsync(peer.Address));
    }

    [Fact]
    public async Task Connect_comes_from_the_relayed_transport_address()
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        using var second = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        var allocated = await client.AllocateAsync(TcpRelay.Asked);
        await client.ConnectPeerAsync(peer.Address);
        await client.ConnectPeerAsync(second.Address);
        using var accepted = await peer.AcceptAsync();
        using var alsoAccepted = await second.AcceptAsync();
        Assert.Equal(allocated.Relayed.ToIPEndPoint(), accepted.RemoteEndPoint);
        Assert.Equal(allocated.Relayed.ToIPEndPoint(), alsoAccepted.RemoteEndPoint);
    }

    [Fact]
    public async Task Peer_connections_beyond_the_limit_of_an_allocation_are_refused_both_ways()
    {
        await using var relay = RelayFixture.Start(options => options.MaxPeerConnectionsPerAllocation = 1);
        using var peer = new TcpPeer();
        using var second = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        var allocated = await client.AllocateAsync(TcpRelay.Asked);
        await client.CreatePermissionAsync(peer.Address);
        var (data, accepted) = await client.JoinAsync(peer);
        Assert.Equal(508, await client.ConnectCodeAsync(second.Address));
        using (var refused = await TcpPeer.ConnectAsync(allocated.Relayed))
        {
            await refused.EndsAsync();
        }

        accepted.Dispose();
        await data.EndsAsync();
        await data.DisposeAsync();
        await RelayFixture.UntilAsync(() => relay.Server.Services.PeerConnections.Open == 0, "room again");
        var (more, again) = await client.JoinAsync(second);
        await more.DisposeAsync();
        again.Dispose();
    }

    [Fact]
    public async Task Port_relayed_over_UDP_is_no_way_to_another_program_that_listens_there_on_TCP()
    {
        // Ports that the system gives to nobody: else another connection might have the same number on TCP.
        await using var relay = RelayFixture.Start(options => (options.AllowPeers, options.MinPort, options.MaxPort) = ([], 6_750, 6_753));
        await using var datagrams = await relay.ConnectAsync();
        var allocated = await datagrams.AllocateAsync();
        using var service = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        service.Bind(new IPEndPoint(IPAddress.Loopback, allocated.Relayed.Port));
        service.Listen();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        Assert.Equal(403, await client.ConnectCodeAsync(allocated.Relayed));
    }

    private static Task<int> AllocateCodeAsync(TurnClient client, AttributeWriter? more = null, byte protocol = RequestedTransport.Tcp) =>
        client.CodeAsync(StunMethod.Allocate, (ref StunWriter writer) =>
        {
            writer.Add(new RequestedTransport(protocol));
            more?.Invoke(ref writer);
        });
}
