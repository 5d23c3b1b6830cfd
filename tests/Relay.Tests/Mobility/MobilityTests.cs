using System.Text;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Mobility;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;
using TransportAddress = NetDiscovery.Relay.Protocol.TransportAddress;

namespace NetDiscovery.Relay.Tests.Mobility;

/// <summary>Mobility (RFC 8016): an allocation follows its client, and only its client.</summary>
public sealed class MobilityTests
{
    private static readonly AllocateOptions Asked = new() { Mobility = true };

    [Theory]
    [InlineData(ClientTransport.Udp, ClientTransport.Udp)]
    [InlineData(ClientTransport.Udp, ClientTransport.Tcp)]
    [InlineData(ClientTransport.Tcp, ClientTransport.Udp)]
    [InlineData(ClientTransport.Tcp, ClientTransport.Tls)]
    [InlineData(ClientTransport.Udp, ClientTransport.Dtls)]
    [InlineData(ClientTransport.Dtls, ClientTransport.Udp)]
    public async Task Allocation_follows_its_client_within_a_worker_and_to_another(ClientTransport from, ClientTransport to)
    {
        await using var relay = RelayFixture.Start();
        var (same, other) = (0, 0);
        for (var i = 0; i < 64 && (same == 0 || other == 0); i++)
        {
            if (i % 2 == 1)
            {
                // Connections are dealt to the workers in turn: one more, and the next goes elsewhere.
                await using var between = await ConnectAsync(relay, to, relay.Mint());
                await between.BindingAsync();
            }

            if (await MoveAsync(relay, from, to))
            {
                other++;
            }
            else
            {
                same++;
            }
        }

        Assert.True(same > 0 && other > 0, $"{same} moves within a worker, {other} to another");
        await UntilNothingIsLeftAsync(relay);
    }

    [Fact]
    public async Task Allocate_and_Refresh_with_a_ticket_answer_405_where_mobility_is_off()
    {
        await using var relay = RelayFixture.Start(options => options.Mobility = false);
        await using var client = await relay.ConnectAsync();
        Assert.Equal(405, await client.AllocateCodeAsync((ref StunWriter writer) => writer.Add(AttributeType.MobilityTicket, [])));
        Assert.Equal(405, await RefreshCodeAsync(client, new byte[MobilityTickets.Size]));
        await client.AllocateAsync();
        Assert.Equal(405, await RefreshCodeAsync(client, new byte[MobilityTickets.Size]));
    }

    [Fact]
    public async Task Allocate_with_a_ticket_that_is_not_empty_answers_400_and_for_TCP_405()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(ClientTransport.Tcp);
        Assert.Equal(400, await client.AllocateCodeAsync((ref StunWriter writer) => writer.Add(AttributeType.MobilityTicket, [1])));
        Assert.Equal(405, await client.CodeAsync(StunMethod.Allocate, (ref StunWriter writer) =>
        {
            writer.Add(new RequestedTransport(RequestedTransport.Tcp));
            writer.Add(AttributeType.MobilityTicket, []);
        }));
    }

    [Fact]
    public async Task Ticket_is_given_to_who_asks_and_a_new_one_with_each_Refresh()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        var first = (await client.AllocateAsync(Asked)).MobilityTicket;
        var second = (await client.RefreshAsync(600)).MobilityTicket;
        var third = (await client.RefreshAsync(600, second)).MobilityTicket;
        Assert.Equal([MobilityTickets.Size, MobilityTickets.Size, MobilityTickets.Size], [first.Length, second.Length, third.Length]);
        Assert.Equal(3, new[] { first, second, third }.Select(ticket => Convert.ToHexString(ticket.Span)).Distinct().Count());
        await using var other = await relay.ConnectAsync();
        Assert.True((await other.AllocateAsync()).MobilityTicket.IsEmpty);
        Assert.True((await other.RefreshAsync(600)).MobilityTicket.IsEmpty);
    }

    [Fact]
    public async Task Refresh_that_is_refused_moves_nothing()
    {
        await using var relay = RelayFixture.Start(options => options.Workers = 1);
        var credential = relay.Mint();
        await using var client = await relay.ConnectAsync(credential: credential);
        await using var arrived = await relay.ConnectAsync(credential: credential);
        await using var refused = await relay.ConnectAsync(credential: credential);
        var ticket = (await client.AllocateAsync(Asked)).MobilityTicket;
        await arrived.RefreshAsync(600, ticket);
        Assert.Equal(443, await refused.CodeAsync(StunMethod.Refresh, (ref StunWriter writer) =>
        {
            writer.Add(AttributeType.MobilityTicket, ticket.Span);
            writer.Add(new RequestedAddressFamily(Protocol.IPFamily.IPv6));
        }));
        Assert.Equal(437, await refused.CodeAsync(StunMethod.Refresh, (ref StunWriter writer) => writer.Add(new Lifetime(600))));
        Assert.Equal(600u, (await arrived.RefreshAsync(600)).LifetimeSeconds);
    }

    [Fact]
    public async Task Ticket_that_is_wrong_answers_400_of_another_user_441_and_of_an_ended_allocation_437()
    {
        await using var relay = RelayFixture.Start();
        var credential = relay.Mint();
        await using var client = await relay.ConnectAsync(credential: credential);
        await using var moved = await relay.ConnectAsync(credential: credential);
        await using var stranger = await relay.ConnectAsync();
        var ticket = (await client.AllocateAsync(Asked)).MobilityTicket.ToArray();
        Assert.Equal(400, await RefreshCodeAsync(moved, []));
        Assert.Equal(400, await RefreshCodeAsync(moved, ticket[..^1]));
        Assert.Equal(400, await RefreshCodeAsync(moved, [.. ticket, 0]));
        for (var i = 0; i < ticket.Length; i++)
        {
            var changed = ticket.ToArray();
            changed[i] ^= 3;
            Assert.Equal(400, await RefreshCodeAsync(moved, changed));
        }

        Assert.Equal(441, await RefreshCodeAsync(stranger, ticket));
        await stranger.AllocateAsync(Asked);
        Assert.Equal(400, await RefreshCodeAsync(stranger, ticket));
        await client.RefreshAsync(0);
        Assert.Equal(437, await RefreshCodeAsync(moved, ticket));
        Assert.Equal(0, relay.Server.Workers.Sum(worker => worker.Foreign.Count));
    }

    [Fact]
    public async Task Refresh_that_moves_is_answered_alike_when_it_comes_again()
    {
        await using var relay = RelayFixture.Start();
        var credential = relay.Mint();
        for (var i = 0; i < 8; i++)
        {
            await using var client = await relay.ConnectAsync(credential: credential);
            await using var moved = await relay.ConnectAsync(credential: credential);
            var ticket = (await client.AllocateAsync(Asked)).MobilityTicket.ToArray();
            Assert.Equal(437, await moved.CodeAsync(StunMethod.Refresh));
            var request = moved.BuildRequest(StunMethod.Refresh, TransactionId.NewRandom(), (ref StunWriter writer) => writer.Add(AttributeType.MobilityTicket, ticket), authenticate: true);
            var first = await moved.ExchangeAsync(request);
            var again = await moved.ExchangeAsync(request);
            Assert.False(first.IsError);
            Assert.Equal(first.Bytes.ToArray(), again.Bytes.ToArray());
            await moved.RefreshAsync(0);
        }
    }

    [Fact]
    public async Task Allocate_that_comes_again_after_the_move_or_the_end_is_answered_alike_and_makes_nothing()
    {
        await using var relay = RelayFixture.Start();
        var credential = relay.Mint();
        await using var client = await relay.ConnectAsync(credential: credential);
        await using var moved = await relay.ConnectAsync(credential: credential);
        Assert.Equal(437, await client.CodeAsync(StunMethod.Refresh));
        var request = client.BuildRequest(StunMethod.Allocate, TransactionId.NewRandom(), (ref StunWriter writer) =>
        {
            writer.Add(new RequestedTransport(RequestedTransport.Udp));
            writer.Add(AttributeType.MobilityTicket, []);
        }, authenticate: true);
        var first = await client.ExchangeAsync(request);
        Assert.True(first.Message.TryFind(AttributeType.MobilityTicket, out var ticket));
        await moved.RefreshAsync(600, ticket.ToArray());
        await moved.CreatePermissionAsync(TransportAddress.Parse("127.0.0.1:9"));
        Assert.Equal(first.Bytes.ToArray(), (await client.ExchangeAsync(request)).Bytes.ToArray());
        Assert.Equal(1, relay.Server.Allocations);
        Assert.Equal(437, await client.CodeAsync(StunMethod.Refresh));
        await moved.RefreshAsync(0);

        var again = client.BuildRequest(StunMethod.Allocate, TransactionId.NewRandom(), (ref StunWriter writer) => writer.Add(new RequestedTransport(RequestedTransport.Udp)), authenticate: true);
        var second = await client.ExchangeAsync(again);
        Assert.False(second.IsError);
        await client.RefreshAsync(0);
        Assert.Equal(second.Bytes.ToArray(), (await client.ExchangeAsync(again)).Bytes.ToArray());
        Assert.Equal(0, relay.Server.Allocations);
    }

    [Fact]
    public async Task Moved_allocation_outlives_the_relay_at_its_new_5_tuple_and_can_move_again()
    {
        await using var relay = RelayFixture.Start(restarts: true);
        var credential = relay.Mint();
        using var peer = new Peer();
        await using var client = await relay.ConnectAsync(credential: credential);
        await using var moved = await relay.ConnectAsync(credential: credential);
        await using var again = await relay.ConnectAsync(credential: credential);
        var allocated = await client.AllocateAsync(Asked);
        var ticket = (await moved.RefreshAsync(600, allocated.MobilityTicket)).MobilityTicket;
        await moved.CreatePermissionAsync(peer.Address);
        await relay.CrashAsync();
        relay.StartServer();
        await peer.SendAsync("still there"u8.ToArray(), allocated.Relayed);
        Assert.Equal("still there", await ReadAsync(moved));
        await again.RefreshAsync(600, ticket);
        await again.SendAsync(peer.Address, "here now"u8.ToArray());
        Assert.Equal("here now", Encoding.ASCII.GetString((await peer.ReceiveAsync()).Data));
        await again.RefreshAsync(0);
        await UntilNothingIsLeftAsync(relay, RelayFixture.OwnPorts);
    }

    [Fact]
    public async Task Move_that_a_killed_relay_had_not_told_is_told_by_the_next()
    {
        await using var relay = RelayFixture.Start(restarts: true);
        var credential = relay.Mint();
        await using var client = await relay.ConnectAsync(credential: credential);
        await using var moved = await relay.ConnectAsync(credential: credential);
        var allocated = await client.AllocateAsync(Asked);
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationOpened>().Any(), "the opening is told");
        relay.Cluster.Reachable = false;
        await moved.RefreshAsync(600, allocated.MobilityTicket);
        await moved.CreatePermissionAsync(TransportAddress.Parse("127.0.0.1:9"));
        await relay.CrashAsync();
        Assert.DoesNotContain(relay.Cluster.Events, told => told is AllocationMoved);

        relay.StartServer();

        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationMoved>().Any(told => told.FiveTuple.Client.Port == moved.Local.Port), "the move is told");
    }

    [Fact]
    public async Task Client_whose_connection_broke_comes_back_with_its_ticket_within_a_minute()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(time: time);
        var credential = relay.Mint();
        using var peer = new Peer();
        var client = await relay.ConnectAsync(ClientTransport.Tcp, credential);
        var allocated = await client.AllocateAsync(Asked);
        await client.CreatePermissionAsync(peer.Address);
        await client.DisposeAsync();
        await RelayFixture.UntilAsync(() => relay.Server.Connections == 0, "the end of the connection");
        time.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal(1, relay.Server.Allocations);
        await using (var back = await relay.ConnectAsync(ClientTransport.Tcp, credential))
        {
            await back.RefreshAsync(600, allocated.MobilityTicket);
            await peer.SendAsync("welcome"u8.ToArray(), allocated.Relayed);
            Assert.Equal("welcome", await ReadAsync(back));
        }

        await RelayFixture.UntilAsync(() => relay.Server.Connections == 0, "the end of the second connection");

        // The allocation's own worker may hear of it later than the connection's, and its minute begins then: the clock goes on, but not to the end of its lifetime.
        var limit = time.GetUtcNow() + TimeSpan.FromSeconds(500);
        await RelayFixture.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(time.GetUtcNow() < limit ? 1 : 0));
                return relay.Server.Allocations == 0;
            },
            "the end of the allocation");
    }

    [Fact]
    public async Task Clients_that_move_to_and_fro_while_data_flows_lose_no_allocation_and_block_no_worker()
    {
        await using var relay = RelayFixture.Start();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => WanderAsync(relay)));
        await UntilNothingIsLeftAsync(relay);
    }

    [Fact]
    public void Ticket_of_one_key_means_nothing_to_another()
    {
        var id = new AllocationId(Guid.CreateVersion7());
        var ticket = new byte[MobilityTickets.Size];
        new MobilityTickets(new byte[32]).Write(id, ticket);
        Assert.True(new MobilityTickets(new byte[32]).TryRead(ticket, out var read));
        Assert.Equal(MobilityTickets.HandleOf(id), read);
        var other = new byte[32];
        other[0] = 1;
        Assert.False(new MobilityTickets(other).TryRead(ticket, out _));
    }

    private static async Task WanderAsync(RelayFixture relay)
    {
        var credential = relay.Mint();
        using var peer = new Peer();
        var client = await relay.ConnectAsync(credential: credential);
        var allocated = await client.AllocateAsync(Asked);
        await client.CreatePermissionAsync(peer.Address);
        var ticket = allocated.MobilityTicket;
        for (var i = 0; i < 20; i++)
        {
            var next = await relay.ConnectAsync(i % 2 == 0 ? ClientTransport.Tcp : ClientTransport.Udp, credential);
            ticket = (await next.RefreshAsync(600, ticket)).MobilityTicket;
            await next.SendAsync(peer.Address, Encoding.ASCII.GetBytes($"hop {i}"));
            var (data, from) = await peer.ReceiveAsync();
            Assert.Equal($"hop {i}", Encoding.ASCII.GetString(data));
            Assert.Equal(allocated.Relayed, from);
            await peer.SendAsync(data, from);
            Assert.Equal($"hop {i}", await ReadAsync(next));
            await client.DisposeAsync();
            client = next;
        }

        await client.RefreshAsync(0);
        await client.DisposeAsync();
    }

    /// <returns>True when the new 5-tuple belonged to another worker.</returns>
    private static async Task<bool> MoveAsync(RelayFixture relay, ClientTransport from, ClientTransport to)
    {
        var credential = relay.Mint();
        using var peer = new Peer();
        await using var client = await ConnectAsync(relay, from, credential);
        await using var moved = await ConnectAsync(relay, to, credential);
        var allocated = await client.AllocateAsync(Asked);
        await client.CreatePermissionAsync(peer.Address);
        var refreshed = await moved.RefreshAsync(600, allocated.MobilityTicket);
        Assert.Equal(600u, refreshed.LifetimeSeconds);
        Assert.NotEqual(allocated.MobilityTicket.ToArray(), refreshed.MobilityTicket.ToArray());
        var foreign = relay.Server.Workers.Sum(worker => worker.Foreign.Count) > 0;

        // The client has not sent from there yet: data goes the old way.
        await peer.SendAsync("old way"u8.ToArray(), allocated.Relayed);
        Assert.Equal("old way", await ReadAsync(client));
        await moved.SendAsync(peer.Address, "here I am"u8.ToArray());
        var (data, seenFrom) = await peer.ReceiveAsync();
        Assert.Equal("here I am", Encoding.ASCII.GetString(data));
        Assert.Equal(allocated.Relayed, seenFrom);
        await peer.SendAsync("new way"u8.ToArray(), allocated.Relayed);
        Assert.Equal("new way", await ReadAsync(moved));
        Assert.Equal(437, await client.CodeAsync(StunMethod.Refresh));

        var allocation = relay.SingleAllocation();
        Assert.Equal(moved.Local, allocation.FiveTuple.Client);
        Assert.Equal("old waynew way".Length, allocation.Counters.BytesFromPeer);
        Assert.Equal("here I am".Length, allocation.Counters.BytesToPeer);
        await RelayFixture.UntilAsync(
            () => relay.Cluster.Events.OfType<AllocationMoved>().Any(e => e.Allocation == allocation.Id && e.FiveTuple.Client.Port == moved.Local.Port && e.FiveTuple.Transport == (Transport)(int)allocation.FiveTuple.Transport),
            "the report of the move");
        await moved.RefreshAsync(0);
        Assert.Equal(0, relay.Server.Allocations);
        return foreign;
    }

    private static Task<TurnClient> ConnectAsync(RelayFixture relay, ClientTransport transport, MintedCredential credential) =>
        relay.ConnectAsync(transport, credential, options => transport is ClientTransport.Tls or ClientTransport.Dtls
            ? options with { Server = relay.TlsEndPoint, CertificateValidation = (_, _, _, _) => true }
            : options);

    private static async Task<string> ReadAsync(TurnClient client) => Encoding.ASCII.GetString((await client.NextAsync("the peer's data")).Data.Span);

    private static Task<int> RefreshCodeAsync(TurnClient client, byte[] ticket) =>
        client.CodeAsync(StunMethod.Refresh, (ref StunWriter writer) => writer.Add(AttributeType.MobilityTicket, ticket));

    private static Task UntilNothingIsLeftAsync(RelayFixture relay, int ports = 16_384) => RelayFixture.UntilAsync(
        () => relay.Server is { Allocations: 0, Connections: 0 } && relay.Server.FreePorts == ports && relay.Server.Services.Mobile.Count == 0 && relay.Server.Workers.All(worker => worker.Foreign.Count == 0),
        "no allocation, port, connection or forwarded 5-tuple left");
}
