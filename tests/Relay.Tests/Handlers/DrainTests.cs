using System.Text;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;
using Transport = NetDiscovery.Grains.Interfaces.Addresses.Transport;

namespace NetDiscovery.Relay.Tests.Handlers;

/// <summary>What Allocate gets from a relay that is draining (RFC 8489 §10).</summary>
public sealed class DrainTests
{
    private static readonly RequestOptions Tolerant = new() { ThrowOnError = false };

    [Theory]
    [InlineData(ClientTransport.Udp, 3478)]
    [InlineData(ClientTransport.Tcp, 3479)]
    [InlineData(ClientTransport.Tls, 5349)]
    [InlineData(ClientTransport.Dtls, 5350)]
    public async Task Draining_relay_sends_clients_to_another_of_the_region_over_the_same_transport(ClientTransport transport, int port)
    {
        await using var relay = RelayFixture.Start();
        relay.Cluster.Alternatives = [Another("turn2.example.net")];
        await DrainAsync(relay);
        await using var client = await ConnectAsync(relay, transport);
        var response = await AllocateAsync(client);
        Assert.Equal(300, response.ErrorCode);
        Assert.True(response.Message.HasMessageIntegritySha256, "an authenticated request's refusal must be signed, or anybody could send clients away");
        response.Message.FindPlainAddress(AttributeType.AlternateServer, out var server);
        Assert.Equal($"192.0.2.2:{port}", server.ToString());
        var secure = transport is ClientTransport.Tls or ClientTransport.Dtls;
        Assert.Equal(secure, response.Message.TryFind(AttributeType.AlternateDomain, out var domain));
        Assert.Equal(secure ? "turn2.example.net" : "", Encoding.ASCII.GetString(domain));
        Assert.Equal(0, relay.Server.Allocations);
    }

    [Fact]
    public async Task Strangers_are_challenged_and_not_redirected()
    {
        await using var relay = RelayFixture.Start();
        relay.Cluster.Alternatives = [Another()];
        await DrainAsync(relay);
        await using var client = await relay.ConnectAsync();
        var response = await client.RequestAsync(StunMethod.Allocate, null, RequestOptions.Plain);
        Assert.Equal((401, false), (response.ErrorCode, response.Message.Has(AttributeType.AlternateServer)));
    }

    [Fact]
    public async Task Without_another_relay_draining_answers_508_and_live_allocations_go_on()
    {
        await using var relay = RelayFixture.Start();
        await using var before = await relay.ConnectAsync();
        await before.AllocateAsync();
        await DrainAsync(relay);
        await using var client = await relay.ConnectAsync();
        Assert.Equal(508, (await AllocateAsync(client)).ErrorCode);
        Assert.Equal(0, await before.CodeAsync(StunMethod.Refresh));
    }

    [Fact]
    public async Task Another_relay_of_the_other_family_or_without_the_transport_is_no_alternative()
    {
        await using var relay = RelayFixture.Start();
        var other = Another() with { Listeners = [new RelayListener(Transport.Udp, "2001:db8::2", 3478), new RelayListener(Transport.Tcp, "192.0.2.2", 3478)] };
        relay.Cluster.Alternatives = [other];
        await DrainAsync(relay);
        await using var client = await relay.ConnectAsync();
        Assert.Equal(508, (await AllocateAsync(client)).ErrorCode);
    }

    [Fact]
    public async Task Servers_of_the_settings_are_named_when_the_cluster_names_none()
    {
        await using var relay = RelayFixture.Start(options => options.Alternates = [new AlternateServerOptions { Address = "198.51.100.7", Port = 34, TlsPort = 0 }]);
        await DrainAsync(relay);
        await using var client = await relay.ConnectAsync();
        var response = await AllocateAsync(client);
        Assert.Equal(300, response.ErrorCode);
        response.Message.FindPlainAddress(AttributeType.AlternateServer, out var server);
        Assert.Equal("198.51.100.7:34", server.ToString());
        await using var secure = await ConnectAsync(relay, ClientTransport.Tls);
        Assert.Equal(508, (await AllocateAsync(secure)).ErrorCode);
    }

    [Fact]
    public void What_the_cluster_named_counts_for_ten_seconds_and_is_named_in_turn()
    {
        var time = new FakeTimeProvider();
        var configured = AlternateServer.From([new AlternateServerOptions { Address = "198.51.100.7" }]);
        var servers = new AlternateServers(configured, time);
        servers.Learn([Another(), Another() with { Listeners = [new RelayListener(Transport.Udp, "192.0.2.3", 3478)] }]);
        var named = new HashSet<string>();
        for (var i = 0; i < 4; i++)
        {
            Assert.True(servers.TryChoose(Transport.Udp, IPFamily.IPv4, out var server));
            named.Add(server.Address.ToString());
        }

        Assert.Equal(["192.0.2.2:3478", "192.0.2.3:3478"], named.Order());
        time.Advance(AlternateServers.GoodFor + TimeSpan.FromSeconds(1));
        Assert.True(servers.TryChoose(Transport.Udp, IPFamily.IPv4, out var fallback));
        Assert.Equal("198.51.100.7:3478", fallback.Address.ToString());
        servers.Learn([Another()]);
        servers.Learn([]);
        Assert.True(servers.TryChoose(Transport.Udp, IPFamily.IPv4, out fallback));
        Assert.Equal("198.51.100.7:3478", fallback.Address.ToString());
        Assert.False(servers.TryChoose(Transport.Udp, IPFamily.IPv6, out _));
    }

    private static RelayAnnouncement Another(string host = "192.0.2.2") => new(
        "relay-2", "local", Guid.NewGuid(),
        [new RelayListener(Transport.Udp, host, 3478), new RelayListener(Transport.Tcp, host, 3479), new RelayListener(Transport.Tls, host, 5349), new RelayListener(Transport.Dtls, host, 5350)],
        ["2001:db8::2", "192.0.2.2"], 16_384, "0.1.0");

    private static async Task DrainAsync(RelayFixture relay)
    {
        relay.Cluster.Command(new SetDraining(true));
        await RelayFixture.UntilAsync(() => relay.Cluster.LastHeartbeat is { Draining: true }, "draining");

        // The answer to that heartbeat names the others; the next heartbeat shows that it was taken.
        var beats = relay.Cluster.Heartbeats;
        await RelayFixture.UntilAsync(() => relay.Cluster.Heartbeats > beats, "another heartbeat");
    }

    private static Task<TurnClient> ConnectAsync(RelayFixture relay, ClientTransport transport) => relay.ConnectAsync(transport, change: options =>
        transport is ClientTransport.Tls or ClientTransport.Dtls ? options with { Server = relay.TlsEndPoint, CertificateValidation = (_, _, _, _) => true } : options);

    private static Task<StunResponse> AllocateAsync(TurnClient client) =>
        client.RequestAsync(StunMethod.Allocate, (ref StunWriter w) => w.Add(new RequestedTransport(RequestedTransport.Udp)), Tolerant, TestContext.Current.CancellationToken);
}
