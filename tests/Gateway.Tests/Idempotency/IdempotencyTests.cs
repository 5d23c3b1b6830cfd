using System.Text;
using System.Text.Json.Nodes;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Idempotency;

public sealed class IdempotencyTests(RealGateway real)
{
    private const string Session = """{"endpoints":[{"name":"a"},{"name":"b"}]}""";

    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Repeated_tenant_is_the_same_with_the_same_secret_and_another_body_is_refused()
    {
        var key = Guid.NewGuid().ToString();
        var first = await (await PostAsync(Gateway.Operator, "/v1/tenants", """{"name":"one"}""", key)).ExpectAsync(201);
        var again = await (await PostAsync(Gateway.Operator, "/v1/tenants", """{"name":"one"}""", key)).ExpectAsync(201);

        Assert.True(JsonNode.DeepEquals(first, again));
        await (await PostAsync(Gateway.Operator, "/v1/tenants", """{"name":"two"}""", key)).ExpectProblemAsync(ProblemCodes.IdempotencyKeyReused);
        var other = await (await PostAsync(Gateway.Operator, "/v1/tenants", """{"name":"one"}""", key + "x")).ExpectAsync(201);
        Assert.NotEqual((string?)first["id"], (string?)other["id"]);
        Assert.NotEqual((string?)first["authToken"], (string?)other["authToken"]);
    }

    [Fact]
    public async Task Repeated_key_is_made_once()
    {
        var tenant = await Gateway.NewTenantAsync();
        var path = $"/v1/tenants/{tenant.Id}/keys";
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ => await (await PostAsync(tenant.Client, path, """{"name":"k"}""", "one")).ExpectAsync(201)));

        Assert.All(answers, answer => Assert.True(JsonNode.DeepEquals(answers[0], answer)));
        Assert.Single((await (await tenant.Client.GetAsync(path)).ExpectAsync(200))["items"]!.AsArray());
        await (await PostAsync(tenant.Client, path, """{"name":"other"}""", "one")).ExpectProblemAsync(ProblemCodes.IdempotencyKeyReused);
    }

    [Fact]
    public async Task Same_key_of_two_tenants_makes_two_things()
    {
        var (one, two) = (await Gateway.NewTenantAsync(), await Gateway.NewTenantAsync());
        var first = await (await PostAsync(one.Client, "/v1/sessions", Session, "k")).ExpectAsync(201);
        var second = await (await PostAsync(two.Client, "/v1/sessions", Session, "k")).ExpectAsync(201);
        Assert.NotEqual((string?)first["id"], (string?)second["id"]);
    }

    [Fact]
    public async Task Repeated_session_has_the_same_join_tokens_and_another_body_is_refused()
    {
        var tenant = await Gateway.NewTenantAsync();
        var first = await (await PostAsync(tenant.Client, "/v1/sessions", Session, "s")).ExpectAsync(201);
        var again = await (await PostAsync(tenant.Client, "/v1/sessions", Session, "s")).ExpectAsync(201);

        Assert.Equal((string?)first["id"], (string?)again["id"]);
        Assert.Equal((string?)first["endpoints"]![1]!["joinToken"], (string?)again["endpoints"]![1]!["joinToken"]);
        await (await PostAsync(tenant.Client, "/v1/sessions", """{"endpoints":[{"name":"a"},{"name":"c"}]}""", "s")).ExpectProblemAsync(ProblemCodes.IdempotencyKeyReused);
    }

    [Fact]
    public async Task Repeated_token_has_the_same_id()
    {
        var tenant = await Gateway.NewTenantAsync();
        var first = await (await PostAsync(tenant.Client, "/v1/tokens", "{}", "t")).ExpectAsync(201);
        var again = await (await PostAsync(tenant.Client, "/v1/tokens", "{}", "t")).ExpectAsync(201);
        var plain = await (await PostAsync(tenant.Client, "/v1/tokens", "{}", null)).ExpectAsync(201);

        Assert.Equal((string?)first["id"], (string?)again["id"]);
        Assert.NotEqual((string?)first["id"], (string?)plain["id"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tab\tinside")]
    [InlineData(null)]
    public async Task Key_that_is_empty_too_long_or_not_printable_is_refused(string? key)
    {
        var tenant = await Gateway.NewTenantAsync();
        var problem = await (await PostAsync(tenant.Client, "/v1/tokens", "{}", key ?? new string('x', 256))).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(["Idempotency-Key"], problem.Fields());
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string path, string body, string? key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            Assert.True(request.Headers.TryAddWithoutValidation("Idempotency-Key", key));
        }

        return client.SendAsync(request);
    }
}
