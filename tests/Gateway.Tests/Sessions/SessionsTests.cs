using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tests.Sessions;

public sealed class SessionsTests(RealGateway real)
{
    private const string Two = """{"endpoints":[{"name":"alice","address":"198.51.100.7","region":"local","nat":{"mapping":"endpoint-independent"}},{"name":"bob"}],"metadata":{"call":"42"}}""";

    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Created_session_has_the_shape_of_the_api_page_with_credentials_bound_to_each_endpoint()
    {
        var tenant = await Gateway.NewTenantAsync();

        var body = await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json(Two))).ExpectAsync(201);

        Assert.Equal(["id", "tenant", "region", "state", "decision", "endpoints", "metadata", "createdAt"], body.Names());
        Assert.Equal((tenant.Id, "local", "created"), ((string?)body["tenant"], (string?)body["region"], (string?)body["state"]));
        Assert.Equal(["mode", "reason", "inputs", "region"], body["decision"]!.Names());
        Assert.Equal(["name", "reason"], body["decision"]!["region"]!.Names());
        Assert.Equal("undecided", (string?)body["decision"]!["mode"]);
        Assert.True(SessionId.TryParse((string?)body["id"], out var id));
        var stored = await real.Grains.GetGrain<ISessionGrain>(GrainKeys.Session(id)).GetAsync();
        foreach (var (endpoint, index) in body["endpoints"]!.AsArray().Select((endpoint, index) => (endpoint!, index)))
        {
            Assert.Equal(["name", "joinToken", "iceServers"], endpoint.Names());
            var joinToken = (string)endpoint["joinToken"]!;
            Assert.StartsWith($"jt_{id}.", joinToken, StringComparison.Ordinal);
            Assert.Equal(SHA256.HashData(Encoding.UTF8.GetBytes(joinToken)), stored!.Endpoints[index].JoinTokenHash);
            var turn = endpoint["iceServers"]!.AsArray().Single(server => server!["username"] is not null)!;
            Assert.True(TurnCredential.TryDecode(Encoding.ASCII.GetBytes((string)turn["username"]!), out var claims));
            Assert.Equal((id, (string?)endpoint["name"]), (claims.Session, claims.Endpoint));
        }

        Assert.NotEqual((string?)body["endpoints"]![0]!["joinToken"], (string?)body["endpoints"]![1]!["joinToken"]);
    }

    [Fact]
    public async Task A_tenants_sessions_are_listed_those_made_last_first_by_state_and_in_pages()
    {
        var (tenant, other) = (await Gateway.NewTenantAsync(), await Gateway.NewTenantAsync());
        var made = new List<string>();
        for (var number = 0; number < 3; number++)
        {
            made.Insert(0, (string)(await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json(Two))).ExpectAsync(201))["id"]!);
        }

        await (await tenant.Client.DeleteAsync($"/v1/sessions/{made[1]}")).ExpectAsync(204);

        Assert.Equal(made, await ListAsync(tenant.Client, ""));
        Assert.Equal([made[1]], await ListAsync(tenant.Client, "?state=ended"));
        Assert.Equal([made[0], made[2]], await ListAsync(tenant.Client, "?state=created"));
        var first = await (await tenant.Client.GetAsync("/v1/sessions?limit=2")).ExpectAsync(200);
        Assert.Equal([made[2]], await ListAsync(tenant.Client, $"?limit=2&after={first["next"]}"));
        Assert.Equal(made, await ListAsync(Gateway.Operator, $"?tenant={tenant.Id}"));
        Assert.Empty(await ListAsync(other.Client, ""));
        await (await other.Client.GetAsync($"/v1/sessions?tenant={tenant.Id}")).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await Gateway.Operator.GetAsync("/v1/sessions")).ExpectProblemAsync(ProblemCodes.TenantRequired);
        var refused = await (await tenant.Client.GetAsync("/v1/sessions?state=Ended&after=x&limit=0")).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(["after", "limit", "state"], refused.Fields().Order());

        static async Task<IEnumerable<string>> ListAsync(HttpClient client, string query) =>
            (await (await client.GetAsync($"/v1/sessions{query}")).ExpectAsync(200))["items"]!.AsArray().Select(session => (string)session!["id"]!);
    }

    [Theory]
    [InlineData("relay-only", "turn")]
    [InlineData("direct", "stun")]
    public async Task Decision_follows_the_configuration_of_the_tenant(string policy, string mode)
    {
        var tenant = await Gateway.NewTenantAsync();
        await (await tenant.Client.PutAsJsonAsync($"/v1/tenants/{tenant.Id}/discovery", new { decision = policy })).ExpectAsync(200);

        var body = await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json(Two))).ExpectAsync(201);

        Assert.Equal(mode, (string?)body["decision"]!["mode"]);
        Assert.All(
            body["endpoints"]!.AsArray().SelectMany(endpoint => endpoint!["iceServers"]!.AsArray()).SelectMany(server => server!["urls"]!.AsArray()),
            url => Assert.StartsWith(mode, (string?)url, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Session_reads_back_with_timeline_and_usage_and_ends_with_its_credentials()
    {
        var tenant = await Gateway.NewTenantAsync();
        var made = await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json(Two))).ExpectAsync(201);
        var path = $"/v1/sessions/{made["id"]}";

        var read = await (await tenant.Client.GetAsync(path)).ExpectAsync(200);
        Assert.DoesNotContain("jt_", read.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("42", (string?)read["metadata"]!["call"]);
        Assert.Equal("endpoint-independent", (string?)read["endpoints"]![0]!["nat"]!["mapping"]);
        var timeline = await (await tenant.Client.GetAsync(path + "/timeline")).ExpectAsync(200);
        Assert.Equal("created", (string?)timeline["items"]![0]!["event"]);
        Assert.Equal(["at", "event", "reason", "relay"], timeline["items"]![0]!.Names());
        var usage = await (await tenant.Client.GetAsync(path + "/usage")).ExpectAsync(200);
        Assert.Equal(1, (int)usage["totals"]!["sessions"]!);

        await (await tenant.Client.DeleteAsync(path)).ExpectAsync(204);
        await (await tenant.Client.DeleteAsync(path)).ExpectAsync(204);

        Assert.Equal("ended", (string?)(await (await tenant.Client.GetAsync(path)).ExpectAsync(200))["state"]);
        Assert.True(TenantId.TryParse(tenant.Id, out var tenantId));
        var snapshot = await real.Grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenantId)).GetSnapshotAsync(null);
        var turn = made["endpoints"]![0]!["iceServers"]!.AsArray().Single(server => server!["username"] is not null)!;
        Assert.True(TurnCredential.TryDecode(Encoding.ASCII.GetBytes((string)turn["username"]!), out var claims));
        Assert.Contains(claims.Token, snapshot!.RevokedTokens);
    }

    [Fact]
    public async Task Session_of_another_tenant_looks_missing_and_a_parent_sees_it()
    {
        var (parent, stranger) = (await Gateway.NewTenantAsync(), await Gateway.NewTenantAsync());
        var sub = await Gateway.NewTenantAsync("sub", parent.Client);
        var made = await (await sub.Client.PostAsync("/v1/sessions", Responses.Json(Two))).ExpectAsync(201);
        foreach (var suffix in (string[])["", "/timeline", "/usage"])
        {
            await (await stranger.Client.GetAsync($"/v1/sessions/{made["id"]}{suffix}")).ExpectProblemAsync(ProblemCodes.NotFound);
            await (await parent.Client.GetAsync($"/v1/sessions/{made["id"]}{suffix}")).ExpectAsync(200);
        }

        await (await stranger.Client.DeleteAsync($"/v1/sessions/{made["id"]}")).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await stranger.Client.DeleteAsync("/v1/sessions/nonsense")).ExpectProblemAsync(ProblemCodes.NotFound);
    }

    [Theory]
    [InlineData("{}", "endpoints")]
    [InlineData("""{"endpoints":[{"name":"a"}]}""", "endpoints")]
    [InlineData("""{"endpoints":[{"name":"a"},{"name":"a"}]}""", "endpoints[1].name")]
    [InlineData("""{"endpoints":[{},{"name":"b","address":"host","region":"X","nat":{"mapping":"odd","x":1}}],"more":1}""",
        "endpoints[0].name endpoints[1].address endpoints[1].nat.mapping endpoints[1].nat.x endpoints[1].region more")]
    [InlineData("""{"endpoints":[{"name":"a"},{"name":"b"}],"metadata":{"k":1}}""", "metadata.k")]
    [InlineData("""{"endpoints":[{"name":"a"},{"name":"b"}],"metadata":{"k":null}}""", "metadata.k")]
    [InlineData("""{"endpoints":[{"name":"a"},null]}""", "endpoints[1]")]
    public async Task Every_bad_field_is_named_at_once(string body, string fields)
    {
        var tenant = await Gateway.NewTenantAsync();
        var problem = await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json(body))).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(fields, string.Join(' ', problem.Fields()));
    }

    [Fact]
    public async Task Metadata_with_a_name_twice_is_malformed()
    {
        var tenant = await Gateway.NewTenantAsync();
        var body = Responses.Json("""{"endpoints":[{"name":"a"},{"name":"b"}],"metadata":{"k":"1","k":"2"}}""");
        await (await tenant.Client.PostAsync("/v1/sessions", body)).ExpectProblemAsync(ProblemCodes.MalformedJson);
    }

    [Fact]
    public async Task Suspended_tenant_makes_no_session()
    {
        var tenant = await Gateway.NewTenantAsync();
        await (await Gateway.Operator.PatchAsJsonAsync($"/v1/tenants/{tenant.Id}", new { status = "suspended" })).ExpectAsync(200);

        await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json(Two))).ExpectProblemAsync(ProblemCodes.TenantSuspended);
        await (await Gateway.Operator.PostAsync($"/v1/sessions?tenant={tenant.Id}", Responses.Json(Two))).ExpectProblemAsync(ProblemCodes.TenantSuspended);
    }
}
