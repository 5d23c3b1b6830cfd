using System.Text.Json.Nodes;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Tenants;

public sealed class DiscoveryTests(RealGateway real)
{
    private const string Full =
        """
        {"tokenTtlSeconds":{"default":600,"max":3600},"regions":["local","eu-1"],"transports":["udp","tls"],"decision":"relay-only",
         "peers":{"allow":["203.0.113.7"],"deny":["10.1.2.3/8","2001:DB8::1/32"]},
         "quotas":{"concurrentAllocations":10,"concurrentAllocationsPerCredential":2,"relayedBytesPerMonth":0,"onQuota":"notify","bitsPerSecondPerAllocation":64000,"bitsPerSecond":null,"allocatesPerSecondPerRelay":null},
         "callbacks":{"eventUrl":"https://hooks.example/events","decisionUrl":null,"decisionTimeoutMs":500,"onDecisionTimeout":"relay"},
         "endpoints":{"kiosk":"https://logic.example/kiosk"}}
        """;

    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task New_tenant_has_the_defaults_in_the_shape_of_the_api_page()
    {
        var tenant = await Gateway.NewTenantAsync();

        var response = await tenant.Client.GetAsync($"/v1/tenants/{tenant.Id}/discovery");
        var body = await response.ExpectAsync(200);

        Assert.Equal(["version", "tokenTtlSeconds", "regions", "transports", "decision", "peers", "quotas", "callbacks", "endpoints"], body.Names());
        Assert.Equal(
            ["concurrentAllocations", "concurrentAllocationsPerCredential", "relayedBytesPerMonth", "onQuota", "bitsPerSecondPerAllocation", "bitsPerSecond", "allocatesPerSecondPerRelay"], body["quotas"]!.Names());
        Assert.Equal(["eventUrl", "decisionUrl", "decisionTimeoutMs", "onDecisionTimeout"], body["callbacks"]!.Names());
        Assert.Equal("\"1\"", response.Headers.ETag?.ToString());
    }

    [Fact]
    public async Task Put_stores_the_whole_configuration_with_address_blocks_in_one_form()
    {
        var tenant = await Gateway.NewTenantAsync();

        var put = await tenant.Client.PutAsync($"/v1/tenants/{tenant.Id}/discovery", Responses.Json(Full));
        var stored = await put.ExpectAsync(200);
        var get = await tenant.Client.GetAsync($"/v1/tenants/{tenant.Id}/discovery");
        var read = await get.ExpectAsync(200);

        Assert.True(JsonNode.DeepEquals(stored, read));
        Assert.Equal("\"2\"", get.Headers.ETag?.ToString());
        var expected = JsonNode.Parse(Full)!.AsObject();
        expected["version"] = 2;
        expected["peers"] = JsonNode.Parse("""{"allow":["203.0.113.7/32"],"deny":["10.0.0.0/8","2001:db8::/32"]}""");
        Assert.True(JsonNode.DeepEquals(expected, read), read.ToJsonString());
    }

    [Fact]
    public async Task New_allocations_a_second_are_the_operators_to_change_and_stay_when_the_tenant_changes_all_else()
    {
        const string Rate = """{"quotas":{"allocatesPerSecondPerRelay":2000}}""";
        var tenant = await Gateway.NewTenantAsync();
        var path = $"/v1/tenants/{tenant.Id}/discovery";

        await (await tenant.Client.PutAsync(path, Responses.Json(Rate))).ExpectProblemAsync(ProblemCodes.OperatorRequired);
        await (await Gateway.Operator.PutAsync(path, Responses.Json(Rate))).ExpectAsync(200);
        var same = await (await tenant.Client.PutAsync(path, Responses.Json(Rate))).ExpectAsync(200);
        var leftOut = await (await tenant.Client.PutAsync(path, Responses.Json("""{"decision":"relay-only"}"""))).ExpectAsync(200);
        await (await tenant.Client.PutAsync(path, Responses.Json("""{"quotas":{"allocatesPerSecondPerRelay":2001}}"""))).ExpectProblemAsync(ProblemCodes.OperatorRequired);
        var byOperator = await (await Gateway.Operator.PutAsync(path, Responses.Json("{}"))).ExpectAsync(200);

        Assert.Equal(2000, (int?)same["quotas"]!["allocatesPerSecondPerRelay"]);
        Assert.Equal(2000, (int?)leftOut["quotas"]!["allocatesPerSecondPerRelay"]);
        Assert.Equal("relay-only", (string?)leftOut["decision"]);
        Assert.Null((int?)byOperator["quotas"]!["allocatesPerSecondPerRelay"]);
    }

    [Fact]
    public async Task Field_left_out_gets_its_default()
    {
        var tenant = await Gateway.NewTenantAsync();
        await (await tenant.Client.PutAsync($"/v1/tenants/{tenant.Id}/discovery", Responses.Json(Full))).ExpectAsync(200);

        var body = await (await tenant.Client.PutAsync($"/v1/tenants/{tenant.Id}/discovery", Responses.Json("""{"tokenTtlSeconds":{"default":60}}"""))).ExpectAsync(200);

        Assert.Equal((60, 86_400), ((int)body["tokenTtlSeconds"]!["default"]!, (int)body["tokenTtlSeconds"]!["max"]!));
        Assert.Equal("prefer-direct", (string?)body["decision"]);
        Assert.Equal(4, body["transports"]!.AsArray().Count);
    }

    [Fact]
    public async Task Of_two_writers_with_the_same_etag_one_wins_and_the_other_hears_of_it()
    {
        var tenant = await Gateway.NewTenantAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(index => PutAsync(tenant, "\"1\"", $$$"""{"tokenTtlSeconds":{"default":{{{index + 1}}} }}""")));

        Assert.Single(answers, answer => (int)answer.StatusCode == 200);
        foreach (var loser in answers.Where(answer => (int)answer.StatusCode != 200))
        {
            await loser.ExpectProblemAsync(ProblemCodes.VersionConflict);
        }
    }

    [Theory]
    [InlineData("\"1\"", true)]
    [InlineData("\"7\", \"1\"", true)]
    [InlineData("*", true)]
    [InlineData("\"2\"", false)]
    [InlineData("W/\"1\"", false)]
    [InlineData("nonsense", false)]
    public async Task If_match_decides_whether_a_put_replaces(string ifMatch, bool replaces)
    {
        var tenant = await Gateway.NewTenantAsync();
        var response = await PutAsync(tenant, ifMatch, """{"decision":"direct"}""");
        Assert.Equal(replaces ? 200 : 412, (int)response.StatusCode);
    }

    [Fact]
    public async Task Get_with_the_known_etag_answers_304()
    {
        var tenant = await Gateway.NewTenantAsync();
        var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/tenants/{tenant.Id}/discovery");
        request.Headers.TryAddWithoutValidation("If-None-Match", "\"1\"");

        Assert.Equal(304, (int)(await tenant.Client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Every_bad_field_is_named_at_once_unknown_ones_too()
    {
        var tenant = await Gateway.NewTenantAsync();

        var problem = await (await tenant.Client.PutAsync($"/v1/tenants/{tenant.Id}/discovery", Responses.Json(
            """
            {"tokenTtlSeconds":{"default":0,"max":172801},"regions":["EU","eu","eu"],"transports":["udp","sctp"],"decision":"guess",
             "peers":{"allow":["10.0.0.0/33"],"deny":["10.1","fe80::1%eth0","010.0.0.1",""]},
             "quotas":{"concurrentAllocations":-1,"concurrentAllocationsPerCredential":1.5,"relayedBytesPerMonth":-1,"onQuota":"stop","bitsPerSecondPerAllocation":"1","bitsPerSecond":-5,"allocatesPerSecondPerRelay":-1,"extra":1},
             "callbacks":{"eventUrl":"ftp://x","decisionUrl":"https://user:pw@x/","decisionTimeoutMs":99,"onDecisionTimeout":"maybe"},
             "endpoints":{"a":"not a url","b":7},"colour":"red"}
            """))).ExpectProblemAsync(ProblemCodes.ValidationFailed);

        Assert.Equal(
            [
                "callbacks.decisionTimeoutMs", "callbacks.decisionUrl", "callbacks.eventUrl", "callbacks.onDecisionTimeout", "colour", "decision", "endpoints.a", "endpoints.b",
                "peers.allow[0]", "peers.deny[0]", "peers.deny[1]", "peers.deny[2]", "peers.deny[3]",
                "quotas.allocatesPerSecondPerRelay", "quotas.bitsPerSecond", "quotas.bitsPerSecondPerAllocation", "quotas.concurrentAllocations", "quotas.concurrentAllocationsPerCredential", "quotas.extra",
                "quotas.onQuota", "quotas.relayedBytesPerMonth", "regions[0]", "regions[2]", "tokenTtlSeconds.default", "tokenTtlSeconds.max", "transports[1]",
            ],
            problem.Fields());
        var kept = await (await tenant.Client.GetAsync($"/v1/tenants/{tenant.Id}/discovery")).ExpectAsync(200);
        Assert.Equal(1, (int)kept["version"]!);
    }

    [Theory]
    [InlineData("""{"tokenTtlSeconds":{"default":200,"max":100}}""", "tokenTtlSeconds.default")]
    [InlineData("""{"transports":[]}""", "transports")]
    [InlineData("""{"regions":null}""", "regions")]
    [InlineData("""{"quotas":null}""", "quotas")]
    [InlineData("""{"peers":{"allow":[null]}}""", "peers.allow[0]")]
    public async Task Fields_that_contradict_or_are_null_are_refused(string body, string field)
    {
        var tenant = await Gateway.NewTenantAsync();
        var problem = await (await tenant.Client.PutAsync($"/v1/tenants/{tenant.Id}/discovery", Responses.Json(body))).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal([field], problem.Fields());
    }

    private static Task<HttpResponseMessage> PutAsync(TestTenant tenant, string ifMatch, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/tenants/{tenant.Id}/discovery") { Content = Responses.Json(body) };
        request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return tenant.Client.SendAsync(request);
    }
}
