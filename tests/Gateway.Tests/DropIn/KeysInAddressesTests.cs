using System.Net.Http.Headers;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.DropIn;

/// <summary>As it comes: no keys in addresses.</summary>
public sealed class KeysInAddressesTests(RealGateway real)
{
    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task A_key_in_an_address_is_refused_and_the_same_key_in_the_header_works()
    {
        var tenant = await Gateway.NewTenantAsync();
        var made = await (await tenant.Client.PostAsync($"/v1/tenants/{tenant.Id}/keys", Responses.Json("""{"name":"metered"}"""))).ExpectAsync(201);
        var key = $"{made["id"]}.{made["secret"]}";
        using var bearer = Gateway.Client(new AuthenticationHeaderValue("Bearer", key));

        foreach (var path in (string[])["/api/v1/turn/credentials?apiKey=", "/api/v1/turn/current_usage?secretKey="])
        {
            var refused = await (await Gateway.Anonymous.GetAsync(path + key)).ExpectAsync(401);
            Assert.StartsWith("Keys in addresses are not accepted here", (string?)refused["error"], StringComparison.Ordinal);
            await (await bearer.GetAsync(path.Split('?')[0])).ExpectAsync(200);
        }

        await (await Gateway.Anonymous.GetAsync($"/turn?service=turn&key={key}")).ExpectProblemAsync(ProblemCodes.Unauthenticated);
        await (await bearer.GetAsync("/turn?service=turn")).ExpectAsync(200);
        Assert.DoesNotContain(Gateway.Logs.Lines, line => line.Contains((string)made["secret"]!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Elsewhere_a_query_stays_as_it_is()
    {
        var tenant = await Gateway.NewTenantAsync();
        var problem = await (await tenant.Client.GetAsync("/v1/audit?key=x&limit=0")).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(["limit"], problem.Fields());
    }

    [Theory]
    [InlineData("/turn"), InlineData("/turn?service=stun"), InlineData("/turn?service=turn&ttl=x")]
    public async Task The_rest_form_says_what_is_wrong(string path)
    {
        var tenant = await Gateway.NewTenantAsync();
        await (await tenant.Client.GetAsync(path)).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        await (await Gateway.Operator.GetAsync("/turn?service=turn")).ExpectProblemAsync(ProblemCodes.Forbidden);
    }
}
