using System.Net.Http.Headers;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Gateway.Tests.Regions;

namespace NetDiscovery.Gateway.Tests.RateLimits;

/// <summary>A request a second: whatever asks faster than that meets the limit.</summary>
public sealed class RateLimitTests : IAsyncLifetime
{
    private TestGateway gateway = null!;

    public async ValueTask InitializeAsync()
    {
        var cluster = new FakeCluster();
        cluster.Relays.Add(FakeGateway.Relay("relay-1"));
        gateway = await FakeGateway.StartAsync(cluster, new()
        {
            ["Gateway:RateLimits:TokensPerSecond"] = "1", ["Gateway:RateLimits:TokensBurst"] = "20",
            ["Gateway:RateLimits:RequestsPerSecond"] = "1", ["Gateway:RateLimits:RequestsBurst"] = "30",
        });
    }

    public async ValueTask DisposeAsync() => await gateway.DisposeAsync();

    [Fact]
    public async Task Every_answer_tells_the_policy_and_what_is_left()
    {
        var tenant = await gateway.NewTenantAsync();

        var minted = await tenant.Client.PostAsync("/v1/tokens", Responses.Json("{}"));
        var read = await tenant.Client.GetAsync($"/v1/tenants/{tenant.Id}");

        await minted.ExpectAsync(201);
        Assert.Equal(("\"tokens\";q=20;w=20", "\"tokens\";r=19;t=1"), Told(minted));
        Assert.Equal(("\"requests\";q=30;w=30", "\"requests\";r=29;t=1"), Told(read));
    }

    [Fact]
    public async Task Beyond_the_rate_the_answer_is_429_with_retry_after_and_other_requests_go_on()
    {
        var tenant = await gateway.NewTenantAsync();

        var refused = await RefusedAsync(() => tenant.Client.PostAsync("/v1/tokens", Responses.Json("{}")), 20);

        await refused.ExpectProblemAsync(ProblemCodes.RateLimited);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter!.Delta);
        Assert.StartsWith("\"tokens\";r=0;t=", Told(refused).Left, StringComparison.Ordinal);
        await (await tenant.Client.GetAsync($"/v1/tenants/{tenant.Id}")).ExpectAsync(200);
        await (await (await gateway.NewTenantAsync()).Client.PostAsync("/v1/tokens", Responses.Json("{}"))).ExpectAsync(201);
    }

    [Fact]
    public async Task Drop_in_apis_refuse_in_their_own_shapes()
    {
        var tenant = await gateway.NewTenantAsync();
        var key = (await (await tenant.Client.PostAsync($"/v1/tenants/{tenant.Id}/keys", Responses.Json("""{"name":"turn"}"""))).ExpectAsync(201))!;
        using var bearer = gateway.Client(new AuthenticationHeaderValue("Bearer", $"{key["id"]}.{key["secret"]}"));

        var twilio = await RefusedAsync(() => tenant.Client.PostAsync($"/2010-04-01/Accounts/{tenant.Id}/Tokens.json", null), 20);
        var cloudflare = await RefusedAsync(() => bearer.PostAsync($"/v1/turn/keys/{key["id"]}/credentials/generate-ice-servers", Responses.Json("{}")), 20);

        Assert.Equal(20429, (int?)(await twilio.ExpectAsync(429))["code"]);
        Assert.StartsWith("rate_limited:", (string?)(await cloudflare.ExpectAsync(429))["errors"]![0]!["message"], StringComparison.Ordinal);
        Assert.All((HttpResponseMessage[])[twilio, cloudflare], answer => Assert.NotNull(answer.Headers.RetryAfter));
    }

    [Fact]
    public async Task The_operator_and_strangers_are_told_of_no_rate()
    {
        Assert.False((await gateway.Operator.GetAsync("/v1/tenants")).Headers.Contains("RateLimit"));
        Assert.False((await gateway.Anonymous.GetAsync("/v1/tenants")).Headers.Contains("RateLimit"));
    }

    [Fact]
    public async Task What_another_region_passes_on_was_counted_there()
    {
        var settings = TwoRegions.Settings();
        (settings["Gateway:RateLimits:RequestsPerSecond"], settings["Gateway:RateLimits:RequestsBurst"]) = ("1", "1");
        await using var region = await FakeGateway.StartAsync(new FakeCluster(), settings);
        var tenant = await region.NewTenantAsync();
        for (var asked = 0; asked < 20; asked++)
        {
            using var request = TwoRegions.Request(region.BaseAddress, $"/v1/tenants/{tenant.Id}/keys", """{"name":"k"}""");
            request.Headers.Authorization = tenant.Client.DefaultRequestHeaders.Authorization;
            var answer = await region.Anonymous.SendAsync(request);

            await answer.ExpectAsync(201);
            Assert.False(answer.Headers.Contains("RateLimit"));
        }
    }

    // A request a second comes back meanwhile, so more than the burst may pass.
    private static async Task<HttpResponseMessage> RefusedAsync(Func<Task<HttpResponseMessage>> ask, int burst)
    {
        for (var asked = 0; ; asked++)
        {
            var answer = await ask();
            if ((int)answer.StatusCode == 429)
            {
                Assert.InRange(asked, burst, int.MaxValue);
                return answer;
            }

            await answer.ExpectAsync(201);
        }
    }

    private static (string Policy, string Left) Told(HttpResponseMessage answer) => (answer.Headers.GetValues("RateLimit-Policy").Single(), answer.Headers.GetValues("RateLimit").Single());
}
