using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Handlers;

/// <summary>Each rule that refuses, on each transport.</summary>
public sealed class RejectionTests
{
    private static readonly TransportAddress Peer = TransportAddress.Parse("127.0.0.1:9");

    public static TheoryData<ClientTransport> Transports => [ClientTransport.Udp, ClientTransport.Tcp, ClientTransport.Tls, ClientTransport.Dtls];

    public static TheoryData<ClientTransport, StunMethod> TransportsAndMethods
    {
        get
        {
            var all = new TheoryData<ClientTransport, StunMethod>();
            foreach (var transport in Enum.GetValues<ClientTransport>())
            {
                foreach (var method in new[]
                {
                    StunMethod.Allocate, StunMethod.Refresh, StunMethod.CreatePermission, StunMethod.ChannelBind, StunMethod.Connect, StunMethod.ConnectionBind,
                })
                {
                    all.Add(transport, method);
                }
            }

            return all;
        }
    }

    [Theory, MemberData(nameof(Transports))]
    public Task Allocate_without_requested_transport_answers_400(ClientTransport transport) =>
        Fresh(transport, 400, client => client.CodeAsync(StunMethod.Allocate));

    [Theory, MemberData(nameof(Transports))]
    public Task Allocate_with_short_requested_transport_answers_400(ClientTransport transport) =>
        Fresh(transport, 400, client => client.CodeAsync(StunMethod.Allocate, (ref StunWriter w) => w.Add(AttributeType.RequestedTransport, [17])));

    [Theory, MemberData(nameof(Transports))]
    public Task Allocate_for_an_unknown_protocol_answers_442(ClientTransport transport) =>
        Fresh(transport, 442, client => client.CodeAsync(StunMethod.Allocate, (ref StunWriter w) => w.Add(new RequestedTransport(132))));

    [Theory, MemberData(nameof(Transports))]
    public Task Allocate_for_an_unknown_family_answers_440(ClientTransport transport) =>
        Fresh(transport, 440, client => client.AllocateCodeAsync((ref StunWriter w) => w.Add(new RequestedAddressFamily((IPFamily)3))));

    [Theory, MemberData(nameof(Transports))]
    public Task Allocate_for_a_family_the_relay_has_not_answers_440(ClientTransport transport) =>
        Fresh(transport, 440, client => client.AllocateCodeAsync((ref StunWriter w) => w.Add(new RequestedAddressFamily(IPFamily.IPv6))));

    [Theory, MemberData(nameof(Transports))]
    public Task Allocate_with_both_family_attributes_answers_400(ClientTransport transport) =>
        Fresh(transport, 400, client => client.AllocateCodeAsync((ref StunWriter w) =>
        {
            w.Add(new RequestedAddressFamily(IPFamily.IPv4));
            w.Add(new AdditionalAddressFamily(IPFamily.IPv6));
        }));

    [Theory, MemberData(nameof(Transports))]
    public Task Allocate_with_IPv4_as_additional_family_answers_400(ClientTransport transport) =>
        Fresh(transport, 400, client => client.AllocateCodeAsync((ref StunWriter w) => w.Add(new AdditionalAddressFamily(IPFamily.IPv4))));

    [Theory, MemberData(nameof(Transports))]
    public Task Allocate_with_token_and_even_port_answers_400(ClientTransport transport) =>
        Fresh(transport, 400, client => client.AllocateCodeAsync((ref StunWriter w) =>
        {
            w.Add(new ReservationToken(1));
            w.Add(new EvenPort(false));
        }));

    [Theory, MemberData(nameof(Transports))]
    public Task Allocate_with_token_and_family_answers_400(ClientTransport transport) =>
        Fresh(transport, 400, client => client.AllocateCodeAsync((ref StunWriter w) =>
        {
            w.Add(new ReservationToken(1));
            w.Add(new RequestedAddressFamily(IPFamily.IPv4));
        }));

    [Theory, MemberData(nameof(Transports))]
    public Task Allocate_with_reserved_port_and_additional_family_answers_400(ClientTransport transport) =>
        Fresh(transport, 400, client => client.AllocateCodeAsync((ref StunWriter w) =>
        {
            w.Add(new EvenPort(true));
            w.Add(new AdditionalAddressFamily(IPFamily.IPv6));
        }));

    [Theory, MemberData(nameof(Transports))]
    public Task Allocate_with_unknown_token_answers_508(ClientTransport transport) =>
        Fresh(transport, 508, client => client.AllocateCodeAsync((ref StunWriter w) => w.Add(new ReservationToken(12345))));

    [Theory, MemberData(nameof(Transports))]
    public Task Second_allocate_on_a_5_tuple_answers_437(ClientTransport transport) => Allocated(transport, 437, client => client.AllocateCodeAsync());

    [Theory, MemberData(nameof(Transports))]
    public Task Refresh_without_allocation_answers_437(ClientTransport transport) => Fresh(transport, 437, client => client.CodeAsync(StunMethod.Refresh));

    [Theory, MemberData(nameof(Transports))]
    public Task CreatePermission_without_allocation_answers_437(ClientTransport transport) => Fresh(transport, 437, client => client.PermitCodeAsync(Peer));

    [Theory, MemberData(nameof(Transports))]
    public Task ChannelBind_without_allocation_answers_437(ClientTransport transport) => Fresh(transport, 437, client => client.BindCodeAsync(0x4000, Peer));

    [Theory, MemberData(nameof(Transports))]
    public Task Refresh_with_another_family_answers_443(ClientTransport transport) =>
        Allocated(transport, 443, client => client.CodeAsync(StunMethod.Refresh, (ref StunWriter w) => w.Add(new RequestedAddressFamily(IPFamily.IPv6))));

    [Theory, MemberData(nameof(Transports))]
    public Task CreatePermission_without_peer_answers_400(ClientTransport transport) => Allocated(transport, 400, client => client.PermitCodeAsync());

    [Theory, MemberData(nameof(Transports))]
    public Task CreatePermission_with_short_peer_answers_400(ClientTransport transport) =>
        Allocated(transport, 400, client => client.CodeAsync(StunMethod.CreatePermission, (ref StunWriter w) => w.Add(AttributeType.XorPeerAddress, [0, 1, 0, 0])));

    [Theory, MemberData(nameof(Transports))]
    public Task CreatePermission_for_another_family_answers_443(ClientTransport transport) =>
        Allocated(transport, 443, client => client.PermitCodeAsync(Peer, TransportAddress.Parse("[2600::1]:9")));

    [Theory, MemberData(nameof(Transports))]
    public Task CreatePermission_for_a_forbidden_peer_answers_403(ClientTransport transport) =>
        Allocated(transport, 403, client => client.PermitCodeAsync(Peer, TransportAddress.Parse("10.0.0.1:9")));

    [Theory, MemberData(nameof(Transports))]
    public Task ChannelBind_without_number_answers_400(ClientTransport transport) =>
        Allocated(transport, 400, client => client.CodeAsync(StunMethod.ChannelBind, (ref StunWriter w) => w.AddXorAddress(AttributeType.XorPeerAddress, Peer)));

    [Theory, MemberData(nameof(Transports))]
    public Task ChannelBind_without_peer_answers_400(ClientTransport transport) =>
        Allocated(transport, 400, client => client.CodeAsync(StunMethod.ChannelBind, (ref StunWriter w) => w.Add(new ChannelNumber(0x4000))));

    [Theory, MemberData(nameof(Transports))]
    public Task ChannelBind_below_the_range_answers_400(ClientTransport transport) => Allocated(transport, 400, client => client.BindCodeAsync(0x3FFF, Peer));

    [Theory, MemberData(nameof(Transports))]
    public Task ChannelBind_above_the_range_answers_400(ClientTransport transport) => Allocated(transport, 400, client => client.BindCodeAsync(0x8000, Peer));

    [Theory, MemberData(nameof(Transports))]
    public Task ChannelBind_above_the_range_of_RFC_8656_answers_400_when_strict(ClientTransport transport) =>
        Allocated(transport, 400, client => client.BindCodeAsync(0x5000, Peer), options => options.Rfc5766Channels = false);

    [Theory, MemberData(nameof(Transports))]
    public Task ChannelBind_of_a_number_bound_to_another_peer_answers_400(ClientTransport transport) => Allocated(transport, 400, async client =>
    {
        Assert.Equal(0, await client.BindCodeAsync(0x4000, Peer));
        Assert.Equal(0, await client.BindCodeAsync(0x4000, Peer));
        return await client.BindCodeAsync(0x4000, Peer.WithPort(10));
    });

    [Theory, MemberData(nameof(Transports))]
    public Task ChannelBind_of_a_peer_bound_to_another_number_answers_400(ClientTransport transport) => Allocated(transport, 400, async client =>
    {
        Assert.Equal(0, await client.BindCodeAsync(0x4000, Peer));
        return await client.BindCodeAsync(0x4001, Peer);
    });

    [Theory, MemberData(nameof(Transports))]
    public Task ChannelBind_to_a_forbidden_peer_answers_403(ClientTransport transport) =>
        Allocated(transport, 403, client => client.BindCodeAsync(0x4000, TransportAddress.Parse("192.168.0.1:9")));

    [Theory, MemberData(nameof(Transports))]
    public Task ChannelBind_to_another_family_answers_443(ClientTransport transport) =>
        Allocated(transport, 443, client => client.BindCodeAsync(0x4000, TransportAddress.Parse("[2600::1]:9")));

    [Theory, MemberData(nameof(TransportsAndMethods))]
    public Task Unknown_required_attribute_answers_420_and_names_it(ClientTransport transport, StunMethod method) => Fresh(transport, 420, async client =>
    {
        var response = await client.RequestAsync(method, (ref StunWriter w) => w.Add((AttributeType)0x7ABC, [1, 2, 3]), new RequestOptions { ThrowOnError = false });
        Assert.Equal(AttributeStatus.Ok, response.Message.Find(out UnknownAttributes unknown));
        Assert.Equal((AttributeType)0x7ABC, unknown[0]);
        Assert.Equal(1, unknown.Count);
        return response.ErrorCode;
    });

    [Theory, MemberData(nameof(Transports))]
    public async Task Unknown_required_attribute_of_a_binding_answers_420_without_credentials(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(transport);
        var response = await client.RequestAsync(StunMethod.Binding, (ref StunWriter w) => w.Add((AttributeType)0x7ABC, []), RequestOptions.Plain);
        Assert.Equal(420, response.ErrorCode);
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Allocations_beyond_the_tenants_quota_answer_486(ClientTransport transport)
    {
        var tenant = new TestTenant(new DiscoveryConfiguration { Quotas = new Quotas { ConcurrentAllocations = 2 } });
        await using var relay = RelayFixture.Start(tenant: tenant);
        await using var first = await relay.ConnectAsync(transport);
        await using var second = await relay.ConnectAsync(transport);
        await using var third = await relay.ConnectAsync(transport);
        Assert.Equal(0, await first.AllocateCodeAsync());
        Assert.Equal(0, await second.AllocateCodeAsync());
        Assert.Equal(486, await third.AllocateCodeAsync());
        await first.RefreshAsync(0);
        Assert.Equal(0, await third.AllocateCodeAsync());
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Allocations_beyond_the_credentials_limit_answer_486(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        var credential = relay.Tenant.Mint(DateTimeOffset.UtcNow, scopes: new CredentialScopes { MaxAllocations = 1 });
        await using var first = await relay.ConnectAsync(transport, credential);
        await using var second = await relay.ConnectAsync(transport, credential);
        Assert.Equal(0, await first.AllocateCodeAsync());
        Assert.Equal(486, await second.AllocateCodeAsync());
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Transport_the_tenant_does_not_offer_answers_403(ClientTransport transport)
    {
        var tenant = new TestTenant(new DiscoveryConfiguration { Transports = [transport == ClientTransport.Tls ? "udp" : "tls"] });
        await using var relay = RelayFixture.Start(tenant: tenant);
        await using var client = await relay.ConnectAsync(transport);
        Assert.Equal(403, await client.AllocateCodeAsync());
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Peer_the_tenant_denies_answers_403(ClientTransport transport)
    {
        var tenant = new TestTenant(new DiscoveryConfiguration { Peers = new PeerRules { Deny = ["127.0.0.9/32"] } });
        await using var relay = RelayFixture.Start(tenant: tenant);
        await using var client = await relay.ConnectAsync(transport);
        Assert.Equal(0, await client.AllocateCodeAsync());
        Assert.Equal(403, await client.PermitCodeAsync(TransportAddress.Parse("127.0.0.9:1")));
        Assert.Equal(0, await client.PermitCodeAsync(TransportAddress.Parse("127.0.0.8:1")));
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Peer_the_tenant_does_not_allow_answers_403_where_it_allows_only_some(ClientTransport transport)
    {
        var tenant = new TestTenant(new DiscoveryConfiguration { Peers = new PeerRules { Allow = ["127.0.0.8/30"], Deny = ["127.0.0.9/32"] } });
        await using var relay = RelayFixture.Start(tenant: tenant);
        await using var client = await relay.ConnectAsync(transport);
        Assert.Equal(0, await client.AllocateCodeAsync());
        Assert.Equal(0, await client.PermitCodeAsync(TransportAddress.Parse("127.0.0.8:1")));
        Assert.Equal(403, await client.PermitCodeAsync(TransportAddress.Parse("127.0.0.9:1")));
        Assert.Equal(403, await client.PermitCodeAsync(TransportAddress.Parse("127.0.0.7:1")));
        Assert.Equal(403, await client.BindCodeAsync(0x4000, TransportAddress.Parse("127.0.0.12:1")));

        // The tenant's blocks narrow the operator's, they open nothing.
        relay.Cluster.Change(tenant.Id, snapshot => snapshot with { Discovery = snapshot.Discovery with { Peers = new PeerRules { Allow = ["127.0.0.7/32", "10.0.0.0/8"] } } });
        await RelayFixture.UntilAsync(() => relay.Server.Services.Tenants.TryGet(tenant.Id, out var entry) && entry.Policy.Snapshot.Version == 2, "the change is here");
        Assert.Equal(0, await client.PermitCodeAsync(TransportAddress.Parse("127.0.0.7:1")));
        Assert.Equal(403, await client.PermitCodeAsync(TransportAddress.Parse("127.0.0.8:1")));
        Assert.Equal(403, await client.PermitCodeAsync(TransportAddress.Parse("10.0.0.1:1")));
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Peer_outside_the_credentials_scope_answers_403(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        var credential = relay.Tenant.Mint(DateTimeOffset.UtcNow, scopes: new CredentialScopes { Peers = ["127.0.0.8/32"] });
        await using var client = await relay.ConnectAsync(transport, credential);
        Assert.Equal(0, await client.AllocateCodeAsync());
        Assert.Equal(0, await client.PermitCodeAsync(TransportAddress.Parse("127.0.0.8:1")));
        Assert.Equal(403, await client.PermitCodeAsync(TransportAddress.Parse("127.0.0.7:1")));
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Client_outside_the_credentials_source_answers_403(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        var credential = relay.Tenant.Mint(DateTimeOffset.UtcNow, scopes: new CredentialScopes { SourceAddress = "192.0.2.0/24" });
        await using var client = await relay.ConnectAsync(transport, credential);
        Assert.Equal(403, await client.AllocateCodeAsync());
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Draining_relay_answers_508_to_allocate_and_serves_what_it_has(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        await using var old = await relay.ConnectAsync(transport);
        Assert.Equal(0, await old.AllocateCodeAsync());
        relay.Server.SetDraining(true);
        await using var client = await relay.ConnectAsync(transport);
        Assert.Equal(508, await client.AllocateCodeAsync());
        Assert.Equal(0, await old.CodeAsync(StunMethod.Refresh));
    }

    private static async Task Fresh(ClientTransport transport, int expected, Func<TurnClient, Task<int>> act)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(transport);
        Assert.Equal(expected, await act(client));
        Assert.Equal(0, relay.Server.Allocations);
    }

    private static async Task Allocated(ClientTransport transport, int expected, Func<TurnClient, Task<int>> act, Action<RelayOptions>? configure = null)
    {
        await using var relay = RelayFixture.Start(configure);
        await using var client = await relay.ConnectAsync(transport);
        await client.AllocateAsync();
        Assert.Equal(expected, await act(client));
        Assert.Equal(1, relay.Server.Allocations);
    }
}
