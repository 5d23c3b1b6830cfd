using System.Net.Http.Json;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.WebConsole;

public sealed class SignInTests(RealGateway real)
{
    private TestGateway Gateway => real.Gateway;

    [Theory]
    [InlineData("/")]
    [InlineData("/sessions")]
    [InlineData("/usage?granularity=hour")]
    [InlineData("/relays")]
    public async Task Nobody_gets_a_page_without_having_signed_in(string path)
    {
        using var browser = new ConsoleBrowser(Gateway.BaseAddress);

        var answer = await browser.Http.GetAsync(path);

        Assert.Equal(302, (int)answer.StatusCode);
        Assert.Equal(path == "/" ? "/sign-in" : $"/sign-in?next={Uri.EscapeDataString(path)}", answer.Headers.Location!.OriginalString);
        Assert.Equal("", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("POST", "/_blazor/negotiate?negotiateVersion=1")]
    [InlineData("POST", "/console/session")]
    [InlineData("GET", "/_blazor")]
    public async Task Nobody_opens_the_connection_of_a_page_without_having_signed_in(string method, string path)
    {
        using var browser = new ConsoleBrowser(Gateway.BaseAddress);

        Assert.Equal(401, (int)(await browser.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path))).StatusCode);
    }

    [Fact]
    public async Task Operator_account_and_key_sign_in_and_the_cookie_holds_no_secret()
    {
        var tenant = await Gateway.NewTenantAsync();
        var key = await (await tenant.Client.PostAsJsonAsync($"/v1/tenants/{tenant.Id}/keys", new { name = "console" })).ExpectAsync(201);
        foreach (var (account, secret) in new[] { ("", TestGateway.OperatorKey), (tenant.Id, tenant.AuthToken), ((string)key["id"]!, (string)key["secret"]!) })
        {
            using var browser = new ConsoleBrowser(Gateway.BaseAddress);

            var answer = await browser.SignInAsync(account, secret, "/usage");

            Assert.Equal((302, "/usage"), ((int)answer.StatusCode, answer.Headers.Location!.OriginalString));
            var set = answer.Headers.GetValues("Set-Cookie").Single(cookie => cookie.StartsWith("netdiscovery-console=", StringComparison.Ordinal)).ToLowerInvariant();
            Assert.Contains("; httponly", set, StringComparison.Ordinal);
            Assert.Contains("; samesite=strict", set, StringComparison.Ordinal);
            Assert.DoesNotContain("expires", set, StringComparison.Ordinal);
            Assert.DoesNotContain(secret.ToLowerInvariant(), set, StringComparison.Ordinal);
            Assert.Equal(200, (int)(await browser.Http.GetAsync("/usage")).StatusCode);
        }
    }

    [Fact]
    public async Task What_is_wrong_is_said_without_telling_what()
    {
        var tenant = await Gateway.NewTenantAsync();
        using var browser = new ConsoleBrowser(Gateway.BaseAddress);
        var messages = new List<string>();
        foreach (var (account, secret) in new[] { (tenant.Id, "wrong"), ("AC00000000000000000000000000000001", "wrong"), ("somebody", "wrong"), ("", "wrong"), (tenant.Id, "") })
        {
            var answer = await browser.SignInAsync(account, secret);
            var page = await answer.Content.ReadAsStringAsync();

            Assert.Equal(401, (int)answer.StatusCode);
            messages.Add(page[page.IndexOf("role=\"alert\"", StringComparison.Ordinal)..page.IndexOf("</p>", page.IndexOf("role=\"alert\"", StringComparison.Ordinal), StringComparison.Ordinal)]);
            Assert.Null(browser.Session);
        }

        Assert.Single(messages.Distinct());
    }

    [Fact]
    public async Task A_form_of_another_page_signs_nobody_in()
    {
        var tenant = await Gateway.NewTenantAsync();
        using var browser = new ConsoleBrowser(Gateway.BaseAddress);

        var answer = await browser.Http.PostAsync("/sign-in", new FormUrlEncodedContent(new Dictionary<string, string> { ["account"] = tenant.Id, ["secret"] = tenant.AuthToken }));

        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Null(browser.Session);
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("https://evil.example/")]
    [InlineData("/\\evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/sign-in?next=/")]
    public async Task After_signing_in_nobody_is_sent_to_another_host(string next)
    {
        using var browser = new ConsoleBrowser(Gateway.BaseAddress);

        Assert.Equal("/", (await browser.SignInAsync("", TestGateway.OperatorKey, next)).Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Guessing_at_the_form_is_stopped_and_counts_with_guessing_at_the_api()
    {
        await using var gateway = await FakeGateway.StartAsync(new FakeCluster(), new() { ["Gateway:AuthenticationFailuresPerMinute"] = "3" });
        var tenant = await gateway.NewTenantAsync();
        using var browser = new ConsoleBrowser(gateway.BaseAddress);
        await gateway.Basic(tenant.Id, "guess").GetAsync("/v1/regions");
        Assert.Equal(401, (int)(await browser.SignInAsync(tenant.Id, "guess")).StatusCode);
        Assert.Equal(401, (int)(await browser.SignInAsync(tenant.Id, "guess")).StatusCode);

        var stopped = await browser.SignInAsync(tenant.Id, tenant.AuthToken);

        Assert.Equal(429, (int)stopped.StatusCode);
        Assert.InRange(stopped.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Signing_out_takes_the_cookie()
    {
        using var browser = await ConsoleBrowser.SignedInAsync(Gateway, null);

        var answer = await browser.Http.PostAsync("/sign-out", null);

        Assert.Equal((302, "/sign-in"), ((int)answer.StatusCode, answer.Headers.Location!.OriginalString));
        Assert.True(browser.Session is null || browser.Session.Expired);
        Assert.Equal(302, (int)(await browser.Http.GetAsync("/")).StatusCode);
    }

    [Fact]
    public async Task A_key_that_is_removed_ends_the_sessions_it_began()
    {
        var tenant = await Gateway.NewTenantAsync();
        var key = await (await tenant.Client.PostAsJsonAsync($"/v1/tenants/{tenant.Id}/keys", new { name = "console" })).ExpectAsync(201);
        using var browser = new ConsoleBrowser(Gateway.BaseAddress);
        await browser.SignInAsync((string)key["id"]!, (string)key["secret"]!);
        Assert.Equal(200, (int)(await browser.Http.GetAsync("/")).StatusCode);

        await (await tenant.Client.DeleteAsync($"/v1/tenants/{tenant.Id}/keys/{key["id"]}")).ExpectAsync(204);

        Assert.Equal(302, (int)(await browser.Http.GetAsync("/")).StatusCode);
    }

    [Fact]
    public async Task A_session_is_good_at_every_gateway_of_the_operator_and_at_no_other()
    {
        var cluster = new FakeCluster();
        await using var one = await FakeGateway.StartAsync(cluster);
        await using var two = await FakeGateway.StartAsync(cluster);
        await using var foreign = await FakeGateway.StartAsync(cluster, new() { ["Operator:Key"] = "another-operator-key-0123456789abcdef0123" });
        using var browser = await ConsoleBrowser.SignedInAsync(one, await one.NewTenantAsync());
        using var there = new ConsoleBrowser(two.BaseAddress);
        using var elsewhere = new ConsoleBrowser(foreign.BaseAddress);
        there.Take(browser.Session!);
        elsewhere.Take(browser.Session!);

        Assert.Equal(200, (int)(await there.Http.GetAsync("/")).StatusCode);
        Assert.Equal(302, (int)(await elsewhere.Http.GetAsync("/")).StatusCode);
    }

    [Theory]
    [InlineData("POST", "/console/session")]
    [InlineData("POST", "/sign-out")]
    [InlineData("POST", "/_blazor/negotiate?negotiateVersion=1")]
    public async Task Pages_of_another_origin_get_nothing_done(string method, string path)
    {
        using var browser = await ConsoleBrowser.SignedInAsync(Gateway, null);
        foreach (var origin in (string[])["https://evil.example", "null", "http://127.0.0.2:1"])
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            request.Headers.Add("Origin", origin);

            Assert.Equal(403, (int)(await browser.Http.SendAsync(request)).StatusCode);
        }
    }

    [Theory]
    [InlineData("POST", "/_blazor/negotiate?negotiateVersion=1")]
    [InlineData("POST", "/_blazor")]
    [InlineData("GET", "/_blazor")]
    public async Task A_page_connects_over_a_websocket_only(string method, string path)
    {
        using var browser = await ConsoleBrowser.SignedInAsync(Gateway, null);

        Assert.Equal(426, (int)(await browser.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path))).StatusCode);
    }

    [Fact]
    public async Task A_tenant_does_not_get_the_operators_page()
    {
        using var browser = await ConsoleBrowser.SignedInAsync(Gateway, await Gateway.NewTenantAsync());

        Assert.Equal(403, (int)(await browser.Http.GetAsync("/relays")).StatusCode);
    }

    [Fact]
    public async Task The_session_goes_on_when_somebody_does_something()
    {
        using var browser = await ConsoleBrowser.SignedInAsync(Gateway, null);
        var before = browser.Session!.Value;

        var answer = await browser.Http.PostAsync("/console/session", null);

        Assert.Equal(204, (int)answer.StatusCode);
        Assert.NotEqual(before, browser.Session!.Value);
    }
}
