using System.Net;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.Relay.Tests.Handlers;
using Transport = NetDiscovery.Grains.Interfaces.Addresses.Transport;
using ContractAddress = NetDiscovery.Grains.Interfaces.Addresses.TransportAddress;

namespace NetDiscovery.Relay.Tests.ControlPlane;

/// <summary>Bindings of sessions' endpoints as the cluster hears of them.</summary>
public sealed class BindingObservationTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly SessionId session = SessionId.New("local");

    [Fact]
    public async Task A_round_to_all_four_addresses_is_told_with_where_each_came_from_and_went_to()
    {
        await using var relay = BehaviourTests.Start(options => options.AlternatePublicAddress = "192.0.2.7");
        await using var client = await ConnectAsync(relay);
        var servers = from address in new[] { "127.0.0.1", "127.0.0.2" } from port in new[] { relay.Options.Port, relay.Options.AlternatePort!.Value } select (Address: address, Port: port);
        var mapped = new HashSet<TransportAddress>();
        foreach (var (address, port) in servers)
        {
            for (var times = 0; times < 2; times++)
            {
                mapped.Add((await BindAsync(client, new IPEndPoint(IPAddress.Parse(address), port))).Mapped);
            }
        }

        await RelayFixture.UntilAsync(() => Told(relay).Count >= 4, "four observed Bindings");
        var from = Assert.Single(mapped).ToContract();
        var expected = servers.Select(server => Observed(from, new ContractAddress(server.Address == "127.0.0.2" ? "192.0.2.7" : server.Address, server.Port)));
        Assert.Equal(expected.ToHashSet(), Told(relay).ToHashSet());
        Assert.Equal(4, Told(relay).Count);

        BindingObserved Observed(ContractAddress client, ContractAddress server) => new(relay.Tenant.Id, session, "alice", client, server);
    }

    [Fact]
    public async Task Bindings_without_credentials_of_no_session_or_over_tcp_are_not_told()
    {
        await using var relay = RelayFixture.Start();
        await using var stranger = await relay.ConnectAsync();
        await stranger.BindingAsync(cancellationToken: TestContext.Current.CancellationToken);
        await stranger.RequestAsync(StunMethod.Refresh, null, new RequestOptions { ThrowOnError = false }, TestContext.Current.CancellationToken);
        await stranger.BindingAsync(null, RequestOptions.Default, TestContext.Current.CancellationToken); // authenticated, of no session
        await using var connected = await ConnectAsync(relay, ClientTransport.Tcp);
        await BindAsync(connected, default);
        await using var client = await ConnectAsync(relay);
        await client.BindingAsync(cancellationToken: TestContext.Current.CancellationToken); // of a session, and does not show it
        await RelayFixture.UntilAsync(() => relay.Cluster.Bindings == 2, "two authenticated Bindings in the ledger");
        var (mapped, _, _, _) = await BindAsync(client, default);
        await RelayFixture.UntilAsync(() => Told(relay).Count > 0, "the observed Binding");
        Assert.Equal(mapped.ToContract(), Assert.Single(Told(relay)).Client);
    }

    [Fact]
    public async Task What_the_cluster_does_not_take_is_lost()
    {
        await using var relay = BehaviourTests.Start();
        await using var client = await ConnectAsync(relay);
        relay.Cluster.Reachable = false;
        await BindAsync(client, relay.EndPoint);
        await RelayFixture.UntilAsync(() => relay.Server.Services.Observations.Lost == 1, "the loss");
        relay.Cluster.Reachable = true;
        await BindAsync(client, new IPEndPoint(IPAddress.Parse("127.0.0.2"), relay.Options.Port));
        await RelayFixture.UntilAsync(() => relay.Server.Services.Observations.Delivered == 1, "the delivery of the next");
        Assert.Equal("127.0.0.2", Assert.Single(Told(relay)).Server.Ip);
    }

    [Fact]
    public void The_same_is_told_again_after_seconds_and_a_minute_has_eight()
    {
        var bindings = new EndpointBindings();
        Assert.True(bindings.TryTell(Tuple(1), Start));
        Assert.False(bindings.TryTell(Tuple(1), Start + EndpointBindings.SameAgainAfter - TimeSpan.FromTicks(1)));
        Assert.True(bindings.TryTell(Tuple(1), Start + EndpointBindings.SameAgainAfter));
        for (ushort port = 2; port <= EndpointBindings.MaxTold - 1; port++)
        {
            Assert.True(bindings.TryTell(Tuple(port), Start + TimeSpan.FromSeconds(6)));
        }

        var end = Start + EndpointBindings.Window;
        Assert.False(bindings.TryTell(Tuple(100), end - TimeSpan.FromTicks(1)));
        Assert.Equal((false, true), (bindings.IsOver(end - TimeSpan.FromTicks(1)), bindings.IsOver(end)));
        Assert.True(bindings.TryTell(Tuple(100), end));
    }

    [Fact]
    public void A_flood_of_bindings_allocates_nothing()
    {
        var bindings = new EndpointBindings();
        var tuples = Enumerable.Range(1, 1_000).Select(port => Tuple((ushort)port)).ToArray();
        bindings.TryTell(tuples[0], Start);
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var tuple in tuples)
        {
            bindings.TryTell(tuple, Start);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private async Task<TurnClient> ConnectAsync(RelayFixture relay, ClientTransport transport = ClientTransport.Udp)
    {
        var credential = relay.Tenant.Mint(DateTimeOffset.UtcNow, session: (session, "alice"));
        var client = await relay.ConnectAsync(transport, credential, options => options with { AnySource = transport == ClientTransport.Udp });
        Assert.Equal(437, await client.CodeAsync(StunMethod.Refresh)); // takes up the challenge
        return client;
    }

    private static Task<BindingResult> BindAsync(TurnClient client, IPEndPoint? to) => client.BindingAsync(
        null, new RequestOptions { Destination = to is null ? default : TransportAddress.From(to) }, TestContext.Current.CancellationToken);

    private static List<BindingObserved> Told(RelayFixture relay) => [.. relay.Cluster.Observed.SelectMany(batch => batch)];

    private static FiveTuple Tuple(ushort port) => new(
        TransportAddress.From(new IPEndPoint(IPAddress.Loopback, port)), TransportAddress.From(new IPEndPoint(IPAddress.Loopback, 3478)), Transport.Udp);
}
