using System.Net.Http.Headers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Gateway.Dashboard;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Silo.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Dashboard;

/// <summary>The operator's view of the cluster is nobody else's, and is not there unless it is asked for.</summary>
public sealed class DashboardTests(DashboardTests.Shown shown, RealGateway real) : IClassFixture<DashboardTests.Shown>
{
    private TestGateway Gateway => shown.Gateway;

    [Theory]
    [InlineData("/dashboard")]
    [InlineData("/dashboard/")]
    [InlineData("/dashboard/DashboardCounters")]
    public async Task Without_the_setting_there_is_none_for_anybody(string path)
    {
        await (await real.Gateway.Anonymous.GetAsync(path)).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await real.Gateway.Operator.GetAsync(path)).ExpectProblemAsync(ProblemCodes.NotFound);
    }

    [Fact]
    public async Task Every_part_of_it_is_401_without_the_operators_key_and_403_for_a_tenant()
    {
        var parts = Gateway.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText!.Trim('/')).Where(pattern => pattern.StartsWith(ClusterDashboard.Prefix, StringComparison.Ordinal))
            .Select(pattern => pattern.Split('{')[0] + (pattern.Contains('{', StringComparison.Ordinal) ? "1" : "")).ToList();
        Assert.InRange(parts.Count, 10, 50);
        var tenant = await Gateway.NewTenantAsync();
        using var wrong = Gateway.Client(new AuthenticationHeaderValue("Bearer", "wrong"));
        using var wrongPassword = Gateway.Basic("operator", "wrong");
        using var wrongUser = Gateway.Basic("admin", TestGateway.OperatorKey);

        foreach (var part in parts)
        {
            foreach (var nobody in (HttpClient[])[Gateway.Anonymous, wrong, wrongPassword, wrongUser])
            {
                using var refused = await nobody.GetAsync(part);
                await refused.ExpectProblemAsync(ProblemCodes.Unauthenticated);
                Assert.Contains("Basic", refused.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme));
            }

            await (await tenant.Client.GetAsync(part)).ExpectProblemAsync(ProblemCodes.OperatorRequired);
        }
    }

    [Fact]
    public async Task The_operator_signs_in_with_the_key_in_a_browser_and_by_bearer()
    {
        using var browser = Gateway.Basic("operator", TestGateway.OperatorKey);
        foreach (var client in (HttpClient[])[browser, Gateway.Operator])
        {
            using var page = await client.GetAsync("/dashboard/");
            Assert.Equal(200, (int)page.StatusCode);
            Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
            Assert.True(page.Headers.CacheControl?.NoStore);
            Assert.Equal(200, (int)(await client.GetAsync("/dashboard/index.min.js")).StatusCode);

            // Counted when somebody asks, but at most once a second, and not in the first: until then there is nothing.
            await Eventually.EventuallyAsync(
                async () => (int?)(await (await client.GetAsync("/dashboard/DashboardCounters")).ExpectAsync(200))["totalActiveHostCount"] == 1,
                TimeSpan.FromSeconds(60),
                "the dashboard counts the silo");
        }
    }

    [Fact]
    public async Task The_key_as_a_browser_sends_it_opens_nothing_but_the_dashboard()
    {
        using var browser = Gateway.Basic("operator", TestGateway.OperatorKey);

        await (await browser.GetAsync("/v1/tenants")).ExpectProblemAsync(ProblemCodes.Unauthenticated);
        await (await browser.PostAsync("/v1/tenants", Responses.Json("""{"name":"x"}"""))).ExpectProblemAsync(ProblemCodes.Unauthenticated);
    }

    [Theory]
    [InlineData("/dashboard/GrainState?grainId=t/x&grainType=NetDiscovery.Grains.Tenants.TenantGrain")]
    [InlineData("/dashboard/grainstate?grainId=t/x&grainType=NetDiscovery.Grains.Tenants.TenantGrain")]
    public async Task States_of_grains_are_not_shown_to_the_operator_either(string path) =>
        await (await Gateway.Operator.GetAsync(path)).ExpectProblemAsync(ProblemCodes.NotFound);

    [Fact]
    public async Task Logs_are_not_streamed() => Assert.Equal(403, (int)(await Gateway.Operator.GetAsync("/dashboard/Trace")).StatusCode);

    [Fact]
    public async Task It_is_no_part_of_the_api() => Assert.DoesNotContain(
        ClusterDashboard.Prefix, (await (await Gateway.Anonymous.GetAsync("/openapi/v1.json")).ExpectAsync(200)).ToJsonString(), StringComparison.OrdinalIgnoreCase);

    /// <summary>A gateway with a real silo, both told to show it.</summary>
    public sealed class Shown : IAsyncLifetime
    {
        private readonly TempFolder data = new();

        public TestGateway Gateway { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Gateway = await TestGateway.StartAsync(
            builder => builder.AddSilo(), new Dictionary<string, string?> { ["Data:Path"] = data.Path, ["Dashboard:Enabled"] = "true", ["Gateway:AuthenticationFailuresPerMinute"] = "10000" }, app => app.PrepareStorageAsync());

        public async ValueTask DisposeAsync()
        {
            await Gateway.DisposeAsync();
            data.Dispose();
        }
    }
}
