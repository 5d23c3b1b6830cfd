using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.PeerConnections;

/// <summary>Incoming peers and ConnectionBind (RFC 6062 §5.3, §5.4).</summary>
public sealed class ConnectionBindTests
{
    [Fact]
    public async Task Peer_with_permission_is_announced_and_what_it_sent_before_ConnectionBind_arrives()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectStreamAsync();
        var allocated = await client.AllocateAsync(TcpRelay.Asked);
        await client.CreatePermissionAsync(TransportAddress.Parse("127.0.0.1:0"));
        var attempt = new TaskCompletionSource<(TransportAddress Peer, uint Id)>();
        client.ConnectionAttempted = (peer, id) => attempt.TrySetResult((peer, id));
        using var peer = await TcpPeer.ConnectAsync(allocated.Relayed);
        await peer.SendAsync("before"u8.ToArray());
        var (from, id) = await attempt.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(peer.LocalEndPoint, from.ToIPEndPoint());
        await using var data = await client.OpenConnectionAsync(id);
        await peer.SendAsync(" after"u8.ToArray());
        Assert.Equal("before after"u8.ToArray(), await data.ReadExactlyAsync(12));
        await data.WriteAsync("answer"u8.ToArray());
        Assert.Equal("answer"u8.ToArray(), await peer.ReadAsync(6));
    }

    [Fact]
    public async Task Peer_without_permission_is_closed_at_once_and_not_announced()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectStreamAsync();
        var allocated = await client.AllocateAsync(TcpRelay.Asked);
        var announced = 0;
        client.ConnectionAttempted = (_, _) => announced++;
        using var peer = await TcpPeer.ConnectAsync(allocated.Relayed);
        await peer.EndsAsync();
        await client.RefreshAsync(600);
        Assert.Equal(0, announced);
        Assert.Equal(0, relay.Server.Services.PeerConnections.Open);
    }

    [Fact]
    public async Task Peer_connection_without_ConnectionBind_is_closed_after_30_seconds()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(time: time);
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        var id = await client.ConnectPeerAsync(peer.Address);
        using var accepted = await peer.AcceptAsync();
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(1, relay.Server.Services.PeerConnections.Open);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(await accepted.EndsAsync(), "a reset: nobody has read what the peer sent");
        Assert.Equal(0, relay.Server.Services.PeerConnections.Open);
        Assert.Equal(400, await client.BindConnectionCodeAsync(id));

        // The two addresses are free again at once.
        await client.ConnectPeerAsync(peer.Address);
    }

    [Fact]
    public async Task ConnectionBind_that_names_no_waiting_connection_answers_400()
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        var id = await client.ConnectPeerAsync(peer.Address);
        Assert.Equal(400, await client.BindConnectionCodeAsync(id + 1));
        await using (await client.OpenConnectionAsync(id))
        {
            Assert.Equal(400, await client.BindConnectionCodeAsync(id));
        }
    }

    [Fact]
    public async Task ConnectionBind_without_id_over_UDP_or_over_the_control_connection_answers_400()
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        var credential = relay.Mint();
        await using var client = await relay.ConnectStreamAsync(credential: credential);
        await client.AllocateAsync(TcpRelay.Asked);
        var id = await client.ConnectPeerAsync(peer.Address);
        await using var datagrams = await relay.ConnectAsync(credential: credential);
        await using var another = await relay.ConnectStreamAsync(credential: credential);
        Assert.Equal(400, await datagrams.CodeAsync(StunMethod.ConnectionBind, (ref StunWriter writer) => writer.Add(new ConnectionId(id))));
        Assert.Equal(400, await client.CodeAsync(StunMethod.ConnectionBind, (ref StunWriter writer) => writer.Add(new ConnectionId(id))));
        Assert.Equal(400, await another.CodeAsync(StunMethod.ConnectionBind));
        Assert.Equal(400, await another.CodeAsync(StunMethod.ConnectionBind, (ref StunWriter writer) => writer.Add(AttributeType.ConnectionId, [1, 2, 3])));
        Assert.Equal(0, await client.BindConnectionCodeAsync(id));
    }

    [Fact]
    public async Task ConnectionBind_of_another_user_answers_441_and_takes_nothing_and_of_nobody_401()
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        var id = await client.ConnectPeerAsync(peer.Address);
        await using var stranger = await relay.ConnectStreamAsync();
        Assert.Equal(401, await stranger.BindConnectionCodeAsync(id));
        Assert.Equal(437, await stranger.CodeAsync(StunMethod.Refresh));
        Assert.Equal(441, await stranger.BindConnectionCodeAsync(id));
        Assert.Equal(0, await client.BindConnectionCodeAsync(id));
    }

    [Fact]
    public async Task Bytes_right_behind_the_ConnectionBind_request_are_the_peers()
    {
        await using var relay = RelayFixture.Start();
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        var id = await client.ConnectPeerAsync(peer.Address);
        using var accepted = await peer.AcceptAsync();
        var request = client.BuildRequest(StunMethod.ConnectionBind, TransactionId.NewRandom(), (ref StunWriter writer) => writer.Add(new ConnectionId(id)), authenticate: true);
        using var data = await TcpPeer.ConnectAsync(TransportAddress.From(relay.EndPoint));

        // They look like another request, and are not one any more.
        await data.SendAsync(request.Concat(request).Concat("!"u8.ToArray()).ToArray());
        Assert.Equal(request.Concat("!"u8.ToArray()), await accepted.ReadAsync(request.Length + 1));
        Assert.Equal([0x01, 0x0B], await data.ReadAsync(2));
    }

    [Fact]
    public async Task Two_clients_of_one_relay_meet_at_their_relayed_transport_addresses()
    {
        await using var relay = RelayFixture.Start(options => options.AllowPeers = []);
        await using var alice = await relay.ConnectStreamAsync();
        await using var bob = await relay.ConnectStreamAsync();
        var atAlice = await alice.AllocateAsync(TcpRelay.Asked);
        var atBob = await bob.AllocateAsync(TcpRelay.Asked);
        await bob.CreatePermissionAsync(atAlice.Relayed);
        var attempt = new TaskCompletionSource<(TransportAddress Peer, uint Id)>();
        bob.ConnectionAttempted = (peer, id) => attempt.TrySetResult((peer, id));
        await using var fromAlice = await alice.OpenConnectionAsync(await alice.ConnectPeerAsync(atBob.Relayed));
        var (peer, id) = await attempt.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(atAlice.Relayed, peer);
        await using var fromBob = await bob.OpenConnectionAsync(id);
        await fromAlice.WriteAsync("to bob"u8.ToArray());
        await fromBob.WriteAsync("to alice"u8.ToArray());
        Assert.Equal("to bob"u8.ToArray(), await fromBob.ReadExactlyAsync(6));
        Assert.Equal("to alice"u8.ToArray(), await fromAlice.ReadExactlyAsync(8));
    }

    [Fact]
    public async Task Channels_answer_403_and_Send_is_dropped_on_a_TCP_allocation()
    {
        await using var relay = RelayFixture.Start();
        using var peer = new Peer();
        await using var client = await relay.ConnectStreamAsync();
        await client.AllocateAsync(TcpRelay.Asked);
        await client.CreatePermissionAsync(peer.Address);
        Assert.Equal(403, await client.BindCodeAsync(0x4000, peer.Address));
        await client.SendAsync(peer.Address, "datagram"u8.ToArray());
        await client.RefreshAsync(600);
        Assert.Equal(0, relay.SingleAllocation().Counters.BytesToPeer);
        Assert.True(peer.IsQuiet);
    }
}
