using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Callbacks;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Sessions;

public sealed class DecisionHookTests(RealGateway real)
{
    // The longest there may be: where the server answers, a busy machine must not make it late.
    private const int Patience = 10_000;

    private const string Steady = """{"mapping":"endpoint-independent","filtering":"endpoint-independent"}""";
    private const string Call = $$$"""{"endpoints":[{"name":"alice","address":"192.0.2.1","nat":{{{Steady}}}},{"name":"bob","address":"192.0.2.2","nat":{{{Steady}}}}],"metadata":{"room":"7"}}""";

    [Theory]
    [InlineData("allow", "stun")]
    [InlineData("relay", "turn")]
    public async Task The_tenants_server_is_asked_and_its_word_is_on_the_timeline(string decision, string mode)
    {
        await using var server = await TenantServer.StartAsync((_, context) => context.Response.WriteAsJsonAsync(new { decision, reason = "house rule", unknown = 1 }));
        var tenant = await TenantAsync(new { callbacks = new { decisionUrl = server.Url + "/decide", decisionTimeoutMs = Patience } });

        var made = await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json(Call))).ExpectAsync(201);

        Assert.Equal((mode, decision), ((string?)made["decision"]!["mode"], (string?)made["decision"]!["inputs"]!["verdict"]));
        var question = Assert.Single(server.Asked);
        Assert.Equal(["type", "session", "tenant", "endpoint", "region", "policy", "endpoints", "metadata"], question.Names());
        Assert.Equal(
            ("session.decision", (string?)made["id"], tenant.Id, "local", "prefer-direct", "7", "192.0.2.1"),
            ((string?)question["type"], (string?)question["session"], (string?)question["tenant"], (string?)question["region"], (string?)question["policy"],
                (string?)question["metadata"]!["room"], (string?)question["endpoints"]![0]!["address"]));
        var verdict = Assert.Single(await TimelineAsync(tenant, made), entry => (string?)entry!["event"] == "verdict");
        Assert.Equal($"The tenant's decision server says {decision}: house rule", (string?)verdict!["reason"]);
    }

    [Fact]
    public async Task A_denied_session_is_refused_with_the_servers_reason_and_not_made()
    {
        await using var server = await TenantServer.StartAsync((_, context) => context.Response.WriteAsJsonAsync(new { decision = "deny", reason = "bob is banned" }));
        var tenant = await TenantAsync(new { callbacks = new { decisionUrl = server.Url, decisionTimeoutMs = Patience } });

        var problem = await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json(Call))).ExpectProblemAsync(ProblemCodes.SessionDenied);

        Assert.Equal("The tenant's decision server says deny: bob is banned", (string?)problem["detail"]);
        await (await tenant.Client.GetAsync($"/v1/sessions/{server.Asked.Single()["session"]}")).ExpectProblemAsync(ProblemCodes.NotFound);
    }

    [Theory]
    [InlineData("allow", "stun")]
    [InlineData("relay", "turn")]
    [InlineData("deny", null)]
    public async Task A_server_that_does_not_answer_in_time_counts_as_configured(string fallback, string? mode)
    {
        await using var server = await TenantServer.StartAsync((_, context) => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var tenant = await TenantAsync(new { callbacks = new { decisionUrl = server.Url, decisionTimeoutMs = 100, onDecisionTimeout = fallback } });

        var response = await tenant.Client.PostAsync("/v1/sessions", Responses.Json(Call));

        if (mode is null)
        {
            var problem = await response.ExpectProblemAsync(ProblemCodes.SessionDenied);
            Assert.Contains("did not answer within 100 ms", (string?)problem["detail"], StringComparison.Ordinal);
            return;
        }

        var made = await response.ExpectAsync(201);
        Assert.Equal(mode, (string?)made["decision"]!["mode"]);
        Assert.Contains(await TimelineAsync(tenant, made), entry => ((string)entry!["reason"]!).Contains("did not answer within 100 ms", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(500, "{}")]
    [InlineData(200, "no json")]
    [InlineData(200, "{}")]
    [InlineData(200, """{"decision":"perhaps"}""")]
    [InlineData(200, "null")]
    public async Task An_answer_of_no_use_counts_as_configured(int status, string body)
    {
        await using var server = await TenantServer.StartAsync((_, context) =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(body);
        });
        var tenant = await TenantAsync(new { callbacks = new { decisionUrl = server.Url, decisionTimeoutMs = Patience, onDecisionTimeout = "relay" } });

        var made = await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json(Call))).ExpectAsync(201);

        Assert.Equal("turn", (string?)made["decision"]!["mode"]);
        Assert.Contains("The configured answer holds: relay.", (string?)made["decision"]!["reason"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_application_logic_of_an_endpoint_is_asked_where_it_takes_part_and_the_strictest_answer_holds()
    {
        await using var server = await TenantServer.StartAsync((question, context) =>
            context.Response.WriteAsJsonAsync(new { decision = (string?)question["type"] == "endpoint.decision" ? "relay" : "allow" }));
        var tenant = await TenantAsync(new
        {
            callbacks = new { decisionUrl = server.Url, decisionTimeoutMs = Patience },
            endpoints = new Dictionary<string, string> { ["bob"] = server.Url + "/bob", ["carol"] = server.Url + "/carol" },
        });

        var made = await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json(Call))).ExpectAsync(201);

        Assert.Equal("turn", (string?)made["decision"]!["mode"]);
        Assert.Equal("The application logic of bob says relay.", (string?)made["decision"]!["reason"]);
        Assert.Equal(["bob"], server.Asked.Select(question => (string?)question["endpoint"]).Where(name => name is not null));
        Assert.Equal(2, server.Asked.Count);
    }

    [Fact]
    public async Task The_server_may_choose_the_region_among_those_that_may_be()
    {
        var region = "local";
        await using var server = await TenantServer.StartAsync((_, context) => context.Response.WriteAsJsonAsync(new { decision = "allow", region }));
        var tenant = await TenantAsync(new { callbacks = new { decisionUrl = server.Url, decisionTimeoutMs = Patience } });

        var made = await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json(Call))).ExpectAsync(201);
        Assert.Equal("The tenant's decision server names it", (string?)made["decision"]!["region"]!["reason"]);

        region = "elsewhere";
        await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json(Call))).ExpectProblemAsync(ProblemCodes.RegionUnavailable);
    }

    [Fact]
    public async Task A_repeated_request_gets_the_session_as_first_decided()
    {
        var decision = "relay";
        await using var server = await TenantServer.StartAsync((_, context) => context.Response.WriteAsJsonAsync(new { decision }));
        var tenant = await TenantAsync(new { callbacks = new { decisionUrl = server.Url, decisionTimeoutMs = Patience } });
        var first = await (await tenant.Client.SendAsync(Repeatable())).ExpectAsync(201);
        decision = "allow";

        var second = await (await tenant.Client.SendAsync(Repeatable())).ExpectAsync(201);

        Assert.Equal(((string?)first["id"], "turn"), ((string?)second["id"], (string?)second["decision"]!["mode"]));

        static HttpRequestMessage Repeatable() => new(HttpMethod.Post, "/v1/sessions") { Content = Responses.Json(Call), Headers = { { "Idempotency-Key", "call-7" } } };
    }

    private async Task<TestTenant> TenantAsync(object discovery)
    {
        var tenant = await real.Gateway.NewTenantAsync();
        await (await tenant.Client.PutAsJsonAsync($"/v1/tenants/{tenant.Id}/discovery", discovery)).ExpectAsync(200);
        return tenant;
    }

    private static async Task<JsonArray> TimelineAsync(TestTenant tenant, JsonNode made) =>
        (await (await tenant.Client.GetAsync($"/v1/sessions/{made["id"]}/timeline")).ExpectAsync(200))["items"]!.AsArray();
}
