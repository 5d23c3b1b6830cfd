using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tests.Tokens;

public sealed class CreateTokenTests(FakeGateway fake) : IClassFixture<FakeGateway>
{
    private TestGateway Gateway => fake.Gateway;

    [Fact]
    public async Task Token_has_the_shape_of_the_api_page_and_decodes_and_its_password_matches()
    {
        var tenant = await Gateway.NewTenantAsync();

        var response = await tenant.Client.PostAsJsonAsync("/v1/tokens", new
        {
            ttlSeconds = 600, label = "kiosk-7", scopes = new { peers = new[] { "10.1.2.3/8" }, maxAllocations = 3, bitsPerSecond = 64_000, sourceAddress = "198.51.100.7" },
        });
        var body = await response.ExpectAsync(201);

        Assert.Equal(["id", "username", "credential", "ttlSeconds", "expiresAt", "region", "regionReason", "iceServers"], body.Names());
        Assert.Equal($"/v1/tokens/{body["id"]}", response.Headers.Location?.ToString());
        Assert.Equal(600, (int)body["ttlSeconds"]!);
        Assert.Equal("local", (string?)body["region"]);
        var username = Encoding.ASCII.GetBytes((string)body["username"]!);
        Assert.True(TurnCredential.TryDecode(username, out var claims));
        Assert.Equal(tenant.Id, claims.Tenant.ToString());
        Assert.Equal((string)body["id"]!, claims.Token.ToString());
        Assert.Equal("kiosk-7", claims.Label);
        Assert.Equal(["10.0.0.0/8"], claims.Scopes.Peers);
        Assert.Equal((3, 64_000, "198.51.100.7/32"), (claims.Scopes.MaxAllocations, claims.Scopes.BitsPerSecond, claims.Scopes.SourceAddress));
        Assert.Equal(DateTimeOffset.Parse((string)body["expiresAt"]!, null), claims.ExpiresAt);
        Assert.Equal(TimeSpan.FromSeconds(600), claims.ExpiresAt - claims.IssuedAt);
        var snapshot = await fake.Cluster.GetGrain<ITenantGrain>(Grains.Interfaces.GrainKeys.Tenant(claims.Tenant)).GetSnapshotAsync(null);
        Assert.Equal(TurnCredential.DerivePassword(snapshot!.SigningKeys.Single(key => key.Version == claims.KeyVersion), username), (string?)body["credential"]);
        Assert.EndsWith("Z", (string)body["expiresAt"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ice_servers_name_stun_first_and_turn_on_every_transport_with_the_credential()
    {
        var tenant = await Gateway.NewTenantAsync();

        var body = await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectAsync(201);

        var servers = body["iceServers"]!.AsArray();
        Assert.Equal(["urls"], servers[0]!.Names());
        Assert.Equal(["stun:192.0.2.1:3478"], Urls(servers[0]!));
        Assert.Equal(
            ["turn:192.0.2.1:3478?transport=udp", "turn:192.0.2.1:3478?transport=tcp", "turns:relay.example:5349?transport=tcp", "turns:relay.example:5349?transport=udp"],
            Urls(servers[1]!));
        Assert.Equal(((string)body["username"]!, (string)body["credential"]!), ((string)servers[1]!["username"]!, (string)servers[1]!["credential"]!));
        Assert.Equal(86_400, (int)body["ttlSeconds"]!);
    }

    [Theory]
    [InlineData("""["udp"]""", "prefer-direct", "stun:192.0.2.1:3478 turn:192.0.2.1:3478?transport=udp")]
    [InlineData("""["tcp"]""", "prefer-direct", "turn:192.0.2.1:3478?transport=tcp")]
    [InlineData("""["tls"]""", "prefer-direct", "turns:relay.example:5349?transport=tcp")]
    [InlineData("""["udp","tcp"]""", "relay-only", "turn:192.0.2.1:3478?transport=udp turn:192.0.2.1:3478?transport=tcp")]
    [InlineData("""["udp","tcp"]""", "direct", "stun:192.0.2.1:3478")]
    public async Task Ice_servers_follow_transports_and_decision_of_the_tenant(string transports, string decision, string expected)
    {
        var tenant = await Gateway.NewTenantAsync();
        var configuration = Responses.Json($$"""{"transports":{{transports}},"decision":"{{decision}}"}""");
        await (await tenant.Client.PutAsync($"/v1/tenants/{tenant.Id}/discovery", configuration)).ExpectAsync(200);

        var body = await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectAsync(201);

        Assert.Equal(expected, string.Join(' ', body["iceServers"]!.AsArray().SelectMany(server => Urls(server!))));
    }

    [Fact]
    public async Task Ipv6_hosts_stand_in_brackets()
    {
        var cluster = new FakeCluster();
        cluster.Relays.Add(FakeGateway.Relay("six", listeners: [new RelayListener(Transport.Udp, "2001:db8::1", 3478)]));
        await using var gateway = await FakeGateway.StartAsync(cluster);
        var tenant = await gateway.NewTenantAsync();

        var body = await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectAsync(201);

        Assert.Equal(["stun:[2001:db8::1]:3478"], Urls(body["iceServers"]![0]!));
    }

    [Fact]
    public async Task Without_a_healthy_relay_that_takes_clients_the_answer_is_503_no_relay_with_retry_after()
    {
        var cluster = new FakeCluster();
        cluster.Relays.AddRange([FakeGateway.Relay("dead", healthy: false), FakeGateway.Relay("draining", draining: true)]);
        await using var gateway = await FakeGateway.StartAsync(cluster);
        var tenant = await gateway.NewTenantAsync();

        var response = await tenant.Client.PostAsync("/v1/tokens", null);

        await response.ExpectProblemAsync(ProblemCodes.NoRelay);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(86_401)]
    public async Task Lifetime_outside_the_tenants_bounds_is_refused_with_the_bounds(int ttl)
    {
        var tenant = await Gateway.NewTenantAsync();

        var response = await tenant.Client.PostAsJsonAsync("/v1/tokens", new { ttlSeconds = ttl });

        var problem = await response.ExpectProblemAsync(ProblemCodes.TtlOutOfRange);
        Assert.Contains("from 1 to 86400", (string)problem["detail"]!, StringComparison.Ordinal);
        Assert.Equal(["ttlSeconds"], problem.Fields());
    }

    [Fact]
    public async Task Lifetime_default_and_maximum_come_from_the_configuration()
    {
        var tenant = await Gateway.NewTenantAsync();
        await (await tenant.Client.PutAsJsonAsync($"/v1/tenants/{tenant.Id}/discovery", new { tokenTtlSeconds = new { @default = 60, max = 120 } })).ExpectAsync(200);

        Assert.Equal(60, (int)(await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectAsync(201))["ttlSeconds"]!);
        await (await tenant.Client.PostAsJsonAsync("/v1/tokens", new { ttlSeconds = 120 })).ExpectAsync(201);
        await (await tenant.Client.PostAsJsonAsync("/v1/tokens", new { ttlSeconds = 121 })).ExpectProblemAsync(ProblemCodes.TtlOutOfRange);
    }

    [Fact]
    public async Task Every_bad_field_is_named_at_once()
    {
        var tenant = await Gateway.NewTenantAsync();

        var response = await tenant.Client.PostAsync("/v1/tokens", Responses.Json(
            """
            {"ttlSeconds":"long","label":"","region":"Not A Region","extra":1,
             "scopes":{"peers":["10.0.0.0/8","nonsense",7],"maxAllocations":0,"bitsPerSecond":999,"sourceAddress":"nowhere","more":true}}
            """));

        var problem = await response.ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(
            ["extra", "label", "region", "scopes.bitsPerSecond", "scopes.maxAllocations", "scopes.more", "scopes.peers[1]", "scopes.peers[2]", "scopes.sourceAddress", "ttlSeconds"],
            problem.Fields());
    }

    [Fact]
    public async Task Region_that_the_configuration_does_not_allow_or_nobody_serves_is_409()
    {
        var tenant = await Gateway.NewTenantAsync();
        await (await tenant.Client.PostAsJsonAsync("/v1/tokens", new { region = "elsewhere" })).ExpectProblemAsync(ProblemCodes.RegionUnavailable);
        await (await tenant.Client.PostAsJsonAsync("/v1/tokens", new { region = "local" })).ExpectAsync(201);

        await (await tenant.Client.PutAsJsonAsync($"/v1/tenants/{tenant.Id}/discovery", new { regions = new[] { "elsewhere" } })).ExpectAsync(200);

        await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectProblemAsync(ProblemCodes.RegionUnavailable);
    }

    [Fact]
    public async Task Claims_that_do_not_fit_into_a_username_are_a_bad_field_and_not_a_failure()
    {
        var tenant = await Gateway.NewTenantAsync();
        var peers = Enumerable.Range(1, 8).Select(index => $"2001:db8:{index}::/48").ToArray();

        var fits = await tenant.Client.PostAsJsonAsync("/v1/tokens", new { label = new string('x', 64), scopes = new { peers, sourceAddress = "2001:db8::1" } });

        await fits.ExpectAsync(201);
        await (await tenant.Client.PostAsJsonAsync("/v1/tokens", new { label = new string('x', 65) })).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        await (await tenant.Client.PostAsJsonAsync("/v1/tokens", new { scopes = new { peers = Enumerable.Range(1, 9).Select(index => $"10.{index}.0.0/16") } }))
            .ExpectProblemAsync(ProblemCodes.ValidationFailed);
    }

    [Fact]
    public async Task Operator_mints_for_a_tenant_it_names_and_must_name_one()
    {
        var tenant = await Gateway.NewTenantAsync();

        await (await Gateway.Operator.PostAsync("/v1/tokens", null)).ExpectProblemAsync(ProblemCodes.TenantRequired);
        var body = await (await Gateway.Operator.PostAsync($"/v1/tokens?tenant={tenant.Id}", null)).ExpectAsync(201);

        Assert.True(TurnCredential.TryDecode(Encoding.ASCII.GetBytes((string)body["username"]!), out var claims));
        Assert.Equal(tenant.Id, claims.Tenant.ToString());
    }

    [Fact]
    public async Task A_burst_asks_the_cluster_once()
    {
        var tenant = await Gateway.NewTenantAsync();
        await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectAsync(201);
        var (authentications, snapshots) = (fake.Cluster.Authentications, fake.Cluster.Snapshots);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => tenant.Client.PostAsync("/v1/tokens", null)));

        Assert.All(answers, answer => Assert.Equal(201, (int)answer.StatusCode));
        Assert.InRange(fake.Cluster.Authentications - authentications, 0, 5);
        Assert.InRange(fake.Cluster.Snapshots - snapshots, 0, 5);
    }

    private static IEnumerable<string> Urls(JsonNode server) => server["urls"]!.AsArray().Select(url => (string)url!);
}
