using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Sessions;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Gateway.WebConsole.Calls;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>The console of one region reaches what belongs to another, without having its caller's secret.</summary>
[Collection(RegionPair.Collection)]
public sealed class ConsoleRegionTests(RegionPair pair)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_made_in_the_other_regions_console_is_made_in_the_control_region()
    {
        var (here, there) = await pair.NewTenantAsync();

        var key = await CallAsync<CreatedKeyResponse>(pair.Us, there, there.AuthToken, ApiCall.Of("createKey", ("id", there.Id)) with { Body = Encoding.UTF8.GetBytes("""{"name":"from afar"}"""), Client = IPAddress.Parse("192.0.2.9") });
        var stored = await CallAsync<DiscoveryConfiguration>(pair.Us, there, there.AuthToken, ApiCall.Of("putDiscovery", ("id", there.Id)) with { Body = Encoding.UTF8.GetBytes("""{"decision":"relay-only"}"""), Replaces = 1 });

        Assert.Equal(("from afar", 2L), (key.Value!.Name, stored.Value!.Version));
        var change = (await (await here.Client.GetAsync("/v1/audit?action=key.created")).ExpectAsync(200))["items"]!.AsArray().Single()!;
        Assert.Equal((there.Id, "192.0.2.9"), ((string?)change["actor"], (string?)change["address"]));
        Assert.Equal("relay-only", (string?)(await (await here.Client.GetAsync($"/v1/tenants/{here.Id}/discovery")).ExpectAsync(200))["decision"]);
    }

    [Fact]
    public async Task Sessions_of_the_other_region_are_found_and_a_strangers_are_not()
    {
        var (here, there) = await pair.NewTenantAsync();
        var (_, stranger) = await pair.NewTenantAsync("Stranger");
        var made = await (await here.Client.PostAsync("/v1/sessions", Responses.Json("""{"endpoints":[{"name":"a","region":"eu-1"},{"name":"b","region":"eu-1"}]}"""))).ExpectAsync(201);
        var id = (string)made["id"]!;
        Assert.EndsWith($".{RegionPair.Control}", id, StringComparison.Ordinal);

        var one = await CallAsync<SessionResponse>(pair.Us, there, there.AuthToken, ApiCall.Of("getSession", ("id", id)));
        var list = await CallAsync<Page<SessionResponse>>(pair.Us, there, there.AuthToken, ApiCall.Of("listSessions", ("region", RegionPair.Control)));
        var refused = await CallAsync<SessionResponse>(pair.Us, stranger, stranger.AuthToken, ApiCall.Of("getSession", ("id", id)));

        Assert.Equal(id, one.Value!.Id);
        Assert.Equal([id], list.Value!.Items.Select(static session => session.Id));
        Assert.Equal(ProblemCodes.NotFound.Code, refused.Problem!.Code);
    }

    [Fact]
    public async Task The_other_region_checks_the_credential_itself()
    {
        var (here, there) = await pair.NewTenantAsync();

        // The caller is who it says here; what it has proven itself with is not good there.
        var refused = await CallAsync<KeyResponse>(pair.Us, there, "another secret", ApiCall.Of("createKey", ("id", there.Id)) with { Body = Encoding.UTF8.GetBytes("""{"name":"k"}""") });

        Assert.Equal(ProblemCodes.Unauthenticated.Code, refused.Problem!.Code);
        Assert.Empty((await (await here.Client.GetAsync($"/v1/tenants/{here.Id}/keys")).ExpectAsync(200))["items"]!.AsArray());
    }

    private static async Task<ApiAnswer<T>> CallAsync<T>(TestGateway gateway, TestTenant tenant, string secret, ApiCall call) where T : class
    {
        var services = gateway.App.Services;
        Assert.True(PresentedCredential.TryTyped(tenant.Id, tenant.AuthToken, out var good));
        Assert.True(PresentedCredential.TryTyped(tenant.Id, secret, out var credential));
        var caller = await services.GetRequiredService<CallerDirectory>().FindAsync(good);
        return await services.GetRequiredService<CallDispatcher>().CallAsync<T>(caller!, credential, call, Cancellation);
    }
}
