using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Relays;
using NetDiscovery.Gateway.Sessions;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Gateway.WebConsole.Calls;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tests.WebConsole;

/// <summary>What the console calls is the API itself: its rules, its refusals, its words.</summary>
public sealed class CallDispatcherTests(RealGateway real)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Lists_and_changes_are_those_of_the_api()
    {
        var tenant = await Gateway.NewTenantAsync("Console & Co");
        var call = ApiCall.Of("updateTenant", ("id", tenant.Id)) with { Body = Encoding.UTF8.GetBytes("""{"status":"suspended"}""") };

        var changed = await CallAsync<TenantResponse>(null, call);

        Assert.Equal(("Console & Co", TenantStatus.Suspended), (changed.Value!.Name, changed.Value.Status));
        Assert.Equal("suspended", (string?)(await (await Gateway.Operator.GetAsync($"/v1/tenants/{tenant.Id}")).ExpectAsync(200))["status"]);
        var refused = await CallAsync<KeyResponse>(tenant, ApiCall.Of("createKey", ("id", tenant.Id)) with { Body = Encoding.UTF8.GetBytes("""{"name":"k"}""") });
        Assert.Equal(ProblemCodes.TenantSuspended.Code, refused.Problem!.Code);
    }

    [Fact]
    public async Task Values_of_path_and_query_arrive_as_they_are()
    {
        var tenant = await Gateway.NewTenantAsync();
        for (var number = 0; number < 3; number++)
        {
            await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json("""{"endpoints":[{"name":"a & b"},{"name":"c=d?"}]}"""))).ExpectAsync(201);
        }

        var first = await CallAsync<Page<SessionResponse>>(tenant, ApiCall.Of("listSessions", ("limit", "2"), ("state", "created"), ("tenant", null), ("region", "")));
        var second = await CallAsync<Page<SessionResponse>>(tenant, ApiCall.Of("listSessions", ("limit", "2"), ("after", first.Value!.Next)));
        var one = await CallAsync<SessionResponse>(tenant, ApiCall.Of("getSession", ("id", first.Value.Items[0].Id)));

        Assert.Equal((2, 1, null), (first.Value.Items.Count, second.Value!.Items.Count, second.Value.Next));
        Assert.Equal(["a & b", "c=d?"], one.Value!.Endpoints.Select(static endpoint => endpoint.Name));
    }

    [Fact]
    public async Task What_is_not_acceptable_is_refused_field_by_field()
    {
        var tenant = await Gateway.NewTenantAsync();
        var body = """{"decision":"perhaps","transports":[],"peers":{"allow":["10.0.0.0/99"]},"quotas":{"bitsPerSecond":"much"}}""";

        var refused = await CallAsync<DiscoveryConfiguration>(tenant, ApiCall.Of("putDiscovery", ("id", tenant.Id)) with { Body = Encoding.UTF8.GetBytes(body) });

        var asked = await (await tenant.Client.PutAsync($"/v1/tenants/{tenant.Id}/discovery", Responses.Json(body))).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(asked.Fields().Order(), refused.Problem!.Errors!.Keys.Order());
        Assert.Equal(
            asked.Fields().Order(), Gateway.App.Services.GetRequiredService<ConfigurationCheck>().Check(body).Keys.Order());
    }

    [Fact]
    public async Task A_change_replaces_only_the_version_that_was_read()
    {
        var tenant = await Gateway.NewTenantAsync();
        var call = ApiCall.Of("putDiscovery", ("id", tenant.Id)) with { Body = Encoding.UTF8.GetBytes("""{"decision":"relay-only"}"""), Replaces = 1 };

        Assert.Equal(2, (await CallAsync<DiscoveryConfiguration>(tenant, call)).Value!.Version);
        Assert.Equal(ProblemCodes.VersionConflict.Code, (await CallAsync<DiscoveryConfiguration>(tenant, call with { Body = Encoding.UTF8.GetBytes("{}") })).Problem!.Code);
    }

    [Fact]
    public async Task A_click_that_is_repeated_makes_one_tenant()
    {
        var call = ApiCall.Of("createTenant") with { Body = Encoding.UTF8.GetBytes("""{"name":"Once"}"""), IdempotencyKey = Guid.NewGuid().ToString("N") };

        var (first, second) = (await CallAsync<CreatedTenantResponse>(null, call), await CallAsync<CreatedTenantResponse>(null, call));

        Assert.Equal(first.Value!.Id, second.Value!.Id);
        Assert.Equal(first.Value.AuthToken, second.Value.AuthToken);
    }

    [Fact]
    public async Task A_tenant_finds_nothing_of_another_by_any_call()
    {
        var (owner, other) = (await Gateway.NewTenantAsync(), await Gateway.NewTenantAsync());
        var key = await (await owner.Client.PostAsJsonAsync($"/v1/tenants/{owner.Id}/keys", new { name = "k" })).ExpectAsync(201);
        var session = (string)(await (await owner.Client.PostAsync("/v1/sessions", Responses.Json("""{"endpoints":[{"name":"a"},{"name":"b"}]}"""))).ExpectAsync(201))["id"]!;
        ApiCall[] calls =
        [
            ApiCall.Of("getTenant", ("id", owner.Id)), ApiCall.Of("listKeys", ("id", owner.Id)), ApiCall.Of("listCredentials", ("id", owner.Id)),
            ApiCall.Of("deleteKey", ("id", owner.Id), ("keyId", (string)key["id"]!)), ApiCall.Of("rotateSigningKey", ("id", owner.Id)), ApiCall.Of("rotateCallbackSecret", ("id", owner.Id)), ApiCall.Of("rotateSharedSecret", ("id", owner.Id)),
            ApiCall.Of("getDiscovery", ("id", owner.Id)), ApiCall.Of("putDiscovery", ("id", owner.Id)) with { Body = "{}"u8.ToArray() },
            ApiCall.Of("updateTenant", ("id", owner.Id)) with { Body = Encoding.UTF8.GetBytes("""{"status":"closed"}""") },
            ApiCall.Of("listSessions", ("tenant", owner.Id)), ApiCall.Of("getSession", ("id", session)), ApiCall.Of("getSessionTimeline", ("id", session)), ApiCall.Of("getSessionUsage", ("id", session)), ApiCall.Of("endSession", ("id", session)),
            ApiCall.Of("listAllocations", ("tenant", owner.Id)), ApiCall.Of("getUsage", ("tenant", owner.Id)), ApiCall.Of("listCallbacks", ("tenant", owner.Id)), ApiCall.Of("createToken", ("tenant", owner.Id)),
        ];
        foreach (var call in calls)
        {
            Assert.Equal(ProblemCodes.NotFound.Code, (await CallAsync<Nothing>(other, call)).Problem?.Code);
        }
    }

    [Theory]
    [InlineData("listRelays")]
    [InlineData("listServices")]
    public async Task What_only_the_operator_may_is_refused_to_a_tenant(string operation)
    {
        Assert.Equal(ProblemCodes.OperatorRequired.Code, (await CallAsync<Nothing>(await Gateway.NewTenantAsync(), ApiCall.Of(operation))).Problem?.Code);
        Assert.True((await CallAsync<Nothing>(null, ApiCall.Of(operation))).Succeeded);
    }

    [Fact]
    public async Task Relays_and_regions_read_as_the_api_writes_them()
    {
        var relays = await CallAsync<Page<RelayResponse>>(null, ApiCall.Of("listRelays"));
        var regions = await CallAsync<Page<RegionStatusResponse>>(await Gateway.NewTenantAsync(), ApiCall.Of("listRegions"));

        Assert.Contains(relays.Value!.Items, relay => relay.Id == real.Relay.Id && relay.Listeners.Count == 4);
        Assert.Equal(["local"], regions.Value!.Items.Select(static region => region.Name));
    }

    [Fact]
    public async Task A_change_is_listed_under_who_signed_in_with_the_address_of_the_browser()
    {
        var tenant = await Gateway.NewTenantAsync();
        var call = ApiCall.Of("createKey", ("id", tenant.Id)) with { Body = Encoding.UTF8.GetBytes("""{"name":"k"}"""), Client = IPAddress.Parse("::ffff:192.0.2.9") };

        Assert.True((await CallAsync<CreatedKeyResponse>(tenant, call)).Succeeded);

        var change = (await (await tenant.Client.GetAsync("/v1/audit?action=key.created")).ExpectAsync(200))["items"]!.AsArray().Single()!;
        Assert.Equal((tenant.Id, "192.0.2.9"), ((string?)change["actor"], (string?)change["address"]));
        Assert.NotNull((string?)change["requestId"]);
    }

    [Fact]
    public async Task Calls_count_for_the_key_that_somebody_signed_in_with()
    {
        var settings = new Dictionary<string, string?> { ["Gateway:RateLimits:RequestsPerSecond"] = "1", ["Gateway:RateLimits:RequestsBurst"] = "3" };
        await using var gateway = await FakeGateway.StartAsync(new FakeCluster(), settings);
        var (tenant, other) = (await gateway.NewTenantAsync(), await gateway.NewTenantAsync());
        var call = ApiCall.Of("getTenant", ("id", tenant.Id));

        // One a second comes back meanwhile.
        ApiAnswer<TenantResponse> answer;
        var asked = 0;
        do
        {
            answer = await CallAsync<TenantResponse>(gateway, tenant, call);
        }
        while (answer.Succeeded && ++asked < 1_000);

        Assert.Equal(ProblemCodes.RateLimited.Code, answer.Problem?.Code);
        Assert.True((await CallAsync<TenantResponse>(gateway, other, ApiCall.Of("getTenant", ("id", other.Id)))).Succeeded);
        Assert.True((await CallAsync<TenantResponse>(gateway, null, call)).Succeeded);
    }

    private Task<ApiAnswer<T>> CallAsync<T>(TestTenant? tenant, ApiCall call) where T : class => CallAsync<T>(Gateway, tenant, call);

    private static async Task<ApiAnswer<T>> CallAsync<T>(TestGateway gateway, TestTenant? tenant, ApiCall call) where T : class
    {
        var services = gateway.App.Services;
        Assert.True(PresentedCredential.TryTyped(tenant?.Id ?? "", tenant?.AuthToken ?? TestGateway.OperatorKey, out var credential));
        var caller = await services.GetRequiredService<CallerDirectory>().FindAsync(credential);
        return await services.GetRequiredService<CallDispatcher>().CallAsync<T>(caller!, credential, call, Cancellation);
    }
}
