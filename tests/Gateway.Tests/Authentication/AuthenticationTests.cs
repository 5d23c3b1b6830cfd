using System.Net.Http.Headers;
using System.Net.Http.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Authentication;

public sealed class AuthenticationTests
{
    [Fact]
    public async Task Guessing_is_stopped_with_retry_after_while_others_at_the_same_address_go_on()
    {
        await using var gateway = await FakeGateway.StartAsync(new FakeCluster(), new() { ["Gateway:AuthenticationFailuresPerMinute"] = "3" });
        var (victim, other) = (await gateway.NewTenantAsync(), await gateway.NewTenantAsync());
        using var guesser = gateway.Basic(victim.Id, "guess");
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await (await guesser.GetAsync("/v1/regions")).ExpectProblemAsync(ProblemCodes.Unauthenticated);
        }

        var stopped = await guesser.GetAsync("/v1/regions");

        await stopped.ExpectProblemAsync(ProblemCodes.TooManyRequests);
        Assert.InRange(stopped.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        await (await other.Client.GetAsync("/v1/regions")).ExpectAsync(200);
        await (await gateway.Operator.GetAsync("/v1/regions")).ExpectAsync(200);
    }

    [Fact]
    public async Task Wrong_operator_keys_are_limited_and_the_right_one_is_not()
    {
        await using var gateway = await FakeGateway.StartAsync(new FakeCluster(), new() { ["Gateway:AuthenticationFailuresPerMinute"] = "2" });
        using var guesser = gateway.Client(new AuthenticationHeaderValue("Bearer", TestGateway.OperatorKey + "x"));
        await guesser.GetAsync("/v1/relays");
        await guesser.GetAsync("/v1/relays");

        await (await guesser.GetAsync("/v1/relays")).ExpectProblemAsync(ProblemCodes.TooManyRequests);
        await (await gateway.Operator.GetAsync("/v1/relays")).ExpectAsync(200);
    }

    [Fact]
    public async Task Wrong_secret_is_never_remembered_as_good_and_a_failed_cluster_is_not_a_wrong_secret()
    {
        var cluster = new FakeCluster();
        await using var gateway = await FakeGateway.StartAsync(cluster);
        var tenant = await gateway.NewTenantAsync();
        cluster.Failure = new TimeoutException();
        await (await tenant.Client.GetAsync($"/v1/tenants/{tenant.Id}")).ExpectProblemAsync(ProblemCodes.ClusterUnavailable);
        cluster.Failure = null;

        await (await tenant.Client.GetAsync($"/v1/tenants/{tenant.Id}")).ExpectAsync(200);
        await (await gateway.Basic(tenant.Id, tenant.AuthToken + "x").GetAsync($"/v1/tenants/{tenant.Id}")).ExpectProblemAsync(ProblemCodes.Unauthenticated);
        await (await gateway.Basic(tenant.Id, "").GetAsync($"/v1/tenants/{tenant.Id}")).ExpectProblemAsync(ProblemCodes.Unauthenticated);
    }

    [Fact]
    public async Task No_secret_reaches_the_log_at_any_level()
    {
        var cluster = new FakeCluster();
        cluster.Relays.Add(FakeGateway.Relay("relay-1"));
        await using var gateway = await FakeGateway.StartAsync(cluster);
        var tenant = await gateway.NewTenantAsync();
        var key = await (await tenant.Client.PostAsJsonAsync($"/v1/tenants/{tenant.Id}/keys", new { name = "k" })).ExpectAsync(201);
        using var byKey = gateway.Client(new AuthenticationHeaderValue("Bearer", $"{key["id"]}.{key["secret"]}"));
        var token = await (await byKey.PostAsJsonAsync("/v1/tokens", new { label = "l" })).ExpectAsync(201);
        await gateway.Basic(tenant.Id, "a-wrong-secret-that-somebody-typed").GetAsync("/v1/regions");
        cluster.Failure = new InvalidOperationException("broken");
        await tenant.Client.PutAsync($"/v1/tenants/{tenant.Id}/discovery", Responses.Json("{}"));
        cluster.Failure = null;

        var log = string.Join('\n', gateway.Logs.Lines);

        Assert.NotEmpty(log);
        foreach (var secret in (string[])[TestGateway.OperatorKey, tenant.AuthToken, (string)key["secret"]!, (string)token["credential"]!, "a-wrong-secret-that-somebody-typed"])
        {
            Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(secret)), log, StringComparison.Ordinal);
        }
    }
}
