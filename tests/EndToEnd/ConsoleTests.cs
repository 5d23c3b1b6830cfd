using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd;

/// <summary>Every page of the web console in a real browser, under its Content-Security-Policy, as operator and as tenant.</summary>
public sealed class ConsoleTests(StandaloneTests.Running running) : IClassFixture<StandaloneTests.Running>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(240);

    private static readonly (string Name, string Path, string Settled)[] Pages =
    [
        ("overview", "/", "#region-list td"), ("sessions", "/sessions", "#session-list"), ("usage", "/usage", "#usage-list"), ("tenants", "/tenants", "#tenant-list"), ("keys", "/keys", "#key-list"),
        ("configuration", "/configuration", "#field-decision"), ("deliveries", "/deliveries", "#delivery-list"), ("try-out", "/try-out", "#ttl"),
    ];

    [Theory]
    [InlineData("operator")]
    [InlineData("tenant")]
    public async Task No_page_has_a_serious_accessibility_violation_in_light_dark_or_on_a_phone(string role)
    {
        var tenant = await NewTenantAsync("Tour");
        var session = await NewSessionAsync(tenant);
        var about = role == "operator" ? $"?tenant={tenant.Id}" : "";
        var pages = Pages.Select(page => new { name = page.Name, path = page.Path + (page.Path is "/" or "/tenants" ? "" : about), settled = page.Settled })
            .Append(new { name = "session", path = $"/sessions/{session}", settled = "#timeline li" });
        if (role == "operator")
        {
            pages = pages.Append(new { name = "relays", path = "/relays", settled = "#relay-list td" });
        }

        var seen = await RunAsync(role == "operator" ? null : tenant, "tour", new { role, pages = pages.ToArray() });

        var judged = seen["pages"]!.AsArray();
        Assert.Equal(1 + (3 * pages.Count()), judged.Count);
        var violations = judged.SelectMany(static page => page!["violations"]!.AsArray()
            .Where(static violation => (string?)violation!["impact"] is "serious" or "critical")
            .Select(violation => $"{page["path"]} {page["width"]} {page["colorScheme"]}: {violation}")).ToList();
        Assert.True(violations.Count == 0, string.Join('\n', violations));
        Assert.All(judged, page => Assert.True((int)page!["wide"]! == 0, $"{page["path"]} is {page["wide"]} pixels wider than a window of {page["width"]}"));
    }

    [Fact]
    public async Task The_keyboard_is_enough_and_the_browser_keeps_no_secret()
    {
        var tenant = await NewTenantAsync("Keyboard");

        var seen = await RunAsync(tenant, "keyboard", new { });

        Assert.Equal("Sessions", (string?)seen["met"]!.AsArray()[^1]);
        Assert.Equal("solid", (string?)seen["outline"]);
        Assert.DoesNotContain(tenant.Secret, (string)seen["storage"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("netdiscovery-console", (string)seen["storage"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("operator")]
    [InlineData("tenant")]
    public async Task The_overview_shows_what_is_relayed_now(string role)
    {
        var tenant = await NewTenantAsync("Overview");
        using var client = running.Instance.TenantClient(tenant.Id, tenant.Secret);
        await using var peer = new EchoPeer();
        await using var call = await EchoCall.OpenAsync(running.Instance.RelayPort, await client.MintAsync("overview"), peer);

        var seeing = RunAsync(role == "operator" ? null : tenant, "overview", new { tenant = tenant.Id, allocations = "1" });
        while (!seeing.IsCompleted)
        {
            await call.ExchangeAsync(50, 400);
        }

        var seen = await seeing;
        await call.CloseAsync();

        Assert.Contains("bit/s", (string)seen["bit-rate"]!, StringComparison.Ordinal);
        Assert.EndsWith("/s", (string)seen["packets"]!, StringComparison.Ordinal);
        Assert.EndsWith("%", (string)seen["loss"]!, StringComparison.Ordinal);
        Assert.Contains("healthy", (string)seen["regions"]!, StringComparison.Ordinal);
        Assert.Equal(role == "operator", seen["relays"] is not null);
    }

    [Fact]
    public async Task The_operator_makes_a_tenant_and_suspends_it()
    {
        var name = $"Made in the console {Guid.NewGuid():N}"[..40];

        var seen = await RunAsync(null, "tenants", new { name });

        Assert.Contains("suspended", (string)seen["row"]!, StringComparison.Ordinal);
        using var tenant = running.Instance.TenantClient((string)seen["id"]!, (string)seen["token"]!);
        using var refused = await tenant.PostAsJsonAsync("/v1/tokens", new { });
        Assert.Equal("tenant_suspended", (string?)(await JsonAsync(refused))["code"]);
    }

    [Fact]
    public async Task A_tenant_makes_a_key_and_a_configuration_that_the_api_first_refuses()
    {
        var tenant = await NewTenantAsync("Settings");

        var seen = await RunAsync(tenant, "settings", new { });

        Assert.False((bool)seen["shownAgain"]!);
        Assert.Contains("must be from 1 to 172800", (string)seen["wrong"]!, StringComparison.Ordinal);
        Assert.Equal("true", (string?)seen["described"]);
        using var client = running.Instance.TenantClient(tenant.Id, tenant.Secret);
        var stored = JsonNode.Parse(await client.GetStringAsync($"/v1/tenants/{tenant.Id}/discovery"))!;
        Assert.Equal(("relay-only", 7200, 600), ((string)stored["decision"]!, (int)stored["tokenTtlSeconds"]!["max"]!, (int)stored["tokenTtlSeconds"]!["default"]!));

        // What was done by clicking is listed like what was done by calling.
        var changes = JsonNode.Parse(await client.GetStringAsync("/v1/audit"))!["items"]!.AsArray().Where(change => (string?)change!["action"] is "key.created" or "discovery.changed").ToList();
        Assert.NotEmpty(changes);
        Assert.All(changes, change => Assert.Equal((tenant.Id, "127.0.0.1"), ((string?)change!["actor"], (string?)change["address"])));
    }

    [Fact]
    public async Task A_session_is_listed_drawn_and_ended()
    {
        var tenant = await NewTenantAsync("Session");
        var session = await NewSessionAsync(tenant);

        var seen = await RunAsync(tenant, "session", new { session });

        Assert.Equal("created", (string?)seen["state"]);
        Assert.Contains("alice and bob: media goes over no path yet", (string)seen["drawing"]!, StringComparison.Ordinal);
        Assert.Contains("created", (string)seen["steps"]!, StringComparison.OrdinalIgnoreCase);
        using var client = running.Instance.TenantClient(tenant.Id, tenant.Secret);
        Assert.Equal("ended", (string?)JsonNode.Parse(await client.GetStringAsync($"/v1/sessions/{session}"))!["state"]);
    }

    [Fact]
    public async Task Usage_is_in_a_chart_a_table_and_a_file()
    {
        var tenant = await NewTenantAsync("Usage");
        using var client = running.Instance.TenantClient(tenant.Id, tenant.Secret);
        using var made = await client.PostAsJsonAsync("/v1/tokens", new { label = "console-usage" });
        made.EnsureSuccessStatusCode();
        await Eventually.EventuallyAsync(
            async () => (await client.GetStringAsync("/v1/usage?groupBy=label")).Contains("console-usage", StringComparison.Ordinal), TimeSpan.FromSeconds(60), "the token is in the ledger");

        var seen = await RunAsync(tenant, "usage", new { label = "console-usage" });

        Assert.Equal("1", (string?)seen["tokens"]);
        Assert.True((int)seen["bars"]! >= 2);
        Assert.Contains(",console-usage,", (string)seen["csv"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_delivery_shows_what_is_sent_and_is_sent_again()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.Status = 500;
        var tenant = await NewTenantAsync("Deliveries");
        using var client = running.Instance.TenantClient(tenant.Id, tenant.Secret);
        using var put = await client.PutAsJsonAsync($"/v1/tenants/{tenant.Id}/discovery", new { callbacks = new { eventUrl = $"{receiver.Url}/events" } });
        put.EnsureSuccessStatusCode();
        var session = await NewSessionAsync(tenant);
        await Eventually.EventuallyAsync(() => !receiver.Refused.IsEmpty, TimeSpan.FromSeconds(60), "the event is tried");
        receiver.Status = 204;

        var seen = await RunAsync(tenant, "deliveries", new { });

        await receiver.TakenAsync(1);
        Assert.Contains(session, (string)seen["sent"]!, StringComparison.Ordinal);
        Assert.Equal(receiver.Taken.First().Body, (string)seen["sent"]!);
    }

    [Theory]
    [InlineData("operator")]
    [InlineData("tenant")]
    public async Task The_try_out_finds_candidates_and_relays(string role)
    {
        var tenant = await NewTenantAsync("Try-out");

        var seen = await RunAsync(role == "operator" ? null : tenant, "tryOut", new { label = "console-try", tenant = role == "operator" ? tenant.Id : null });

        var candidates = seen["candidates"]!.AsArray().Select(row => (string)row!).ToList();
        Assert.Contains(candidates, row => row.Contains("relay", StringComparison.Ordinal));
        Assert.Contains("The relay carries", (string)seen["verdict"]!, StringComparison.Ordinal);
        Assert.Contains("ttlSeconds must be a whole number", (string)seen["problem"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_sees_nothing_of_another_on_any_page()
    {
        var (owner, other) = (await NewTenantAsync("Owner of what nobody sees"), await NewTenantAsync("Curious"));
        using var client = running.Instance.TenantClient(owner.Id, owner.Secret);
        var session = await NewSessionAsync(owner);
        using var made = await client.PostAsJsonAsync($"/v1/tenants/{owner.Id}/keys", new { name = "key-of-the-owner" });
        var key = (string)(await JsonAsync(made))["id"]!;
        using var put = await client.PutAsJsonAsync($"/v1/tenants/{owner.Id}/discovery", new { endpoints = new { secretary = "https://owner.example/logic" } });
        put.EnsureSuccessStatusCode();
        var paths = Pages.Where(static page => page.Name is not ("tenants" or "try-out")).Select(page => $"{page.Path}?tenant={owner.Id}").Append($"/sessions/{session}").Append($"/deliveries?session={session}&tenant={owner.Id}").Append("/relays").ToArray();

        var seen = await RunAsync(other, "isolation", new { paths, secrets = new[] { key, "key-of-the-owner", "owner.example", "Owner of what nobody sees" } });

        Assert.Equal(paths.Length, seen["pages"]!.AsArray().Count);
        Assert.All(seen["pages"]!.AsArray(), page =>
        {
            Assert.Empty(page!["leaks"]!.AsArray());
            Assert.Contains((string)page["path"]! == "/relays" ? "operator_required" : "There is no such resource", (string)page["problem"]!, StringComparison.Ordinal);
        });
        Assert.Equal("created", (string?)JsonNode.Parse(await client.GetStringAsync($"/v1/sessions/{session}"))!["state"]);
    }

    /// <summary>Runs a script of <c>browser/console.mjs</c> as the operator (null) or a tenant. What the browser complains of fails the test.</summary>
    private async Task<JsonNode> RunAsync(Tenant? tenant, string script, object values)
    {
        var input = JsonSerializer.SerializeToNode(values, JsonSerializerOptions.Web)!.AsObject();
        input["url"] = running.Instance.Url.ToString().TrimEnd('/');
        input["account"] = tenant?.Id ?? "";
        input["secret"] = tenant?.Secret ?? running.Instance.OperatorKey;
        input["script"] = script;
        input["screenshots"] = Environment.GetEnvironmentVariable("SCREENSHOTS");
        var (exitCode, output) = await CommandLine.RunAsync("node", [BrowserFolder.File("console.mjs")], Limit, input: input.ToJsonString());
        Assert.True(exitCode == 0, output);
        var seen = JsonNode.Parse(output)!;
        Assert.Empty(seen["complaints"]!.AsArray().Select(complaint => (string)complaint!));
        return seen;
    }

    private async Task<Tenant> NewTenantAsync(string name)
    {
        using var client = running.Instance.OperatorClient();
        using var made = await client.PostAsJsonAsync("/v1/tenants", new { name });
        var tenant = await JsonAsync(made);
        return new Tenant((string)tenant["id"]!, (string)tenant["authToken"]!);
    }

    private async Task<string> NewSessionAsync(Tenant tenant)
    {
        using var client = running.Instance.TenantClient(tenant.Id, tenant.Secret);
        using var made = await client.PostAsJsonAsync("/v1/sessions", new { endpoints = new[] { new { name = "alice" }, new { name = "bob" } } });
        return (string)(await JsonAsync(made))["id"]!;
    }

    private static async Task<JsonNode> JsonAsync(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;

    private sealed record Tenant(string Id, string Secret);
}
