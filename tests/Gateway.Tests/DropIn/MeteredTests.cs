using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.DropIn;

/// <summary>With keys in addresses, as its clients send them.</summary>
public sealed class MeteredTests : IAsyncLifetime
{
    private readonly TempFolder data = new();
    private TestGateway gateway = null!;
    private LivingRelay relay = null!;

    private IGrainFactory Grains => gateway.App.Services.GetRequiredService<IGrainFactory>();

    public async ValueTask InitializeAsync()
    {
        gateway = await TestGateway.StartAsync(
            builder => builder.AddSilo(), new Dictionary<string, string?> { ["Data:Path"] = data.Path, ["Gateway:AcceptKeysInAddresses"] = "true" }, app => app.PrepareStorageAsync());
        relay = await LivingRelay.StartAsync(Grains, "living-1");
    }

    public async ValueTask DisposeAsync()
    {
        await relay.DisposeAsync();
        await gateway.DisposeAsync();
        data.Dispose();
    }

    [Fact]
    public async Task Servers_are_a_bare_array_with_one_uri_each()
    {
        var (tenant, key) = await NewKeyAsync();

        var answer = await gateway.Anonymous.GetAsync($"/api/v1/turn/credentials?apiKey={key}&region=global");

        var servers = (await answer.ExpectAsync(200)).AsArray();
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.Equal(["urls"], servers[0]!.Names());
        Assert.StartsWith("stun:", (string?)servers[0]!["urls"], StringComparison.Ordinal);
        Assert.All(servers.Skip(1), server => Assert.Equal(["urls", "username", "credential"], server!.Names()));
        Assert.True(TurnCredential.TryDecode(Encoding.ASCII.GetBytes((string)servers[1]!["username"]!), out var claims));
        Assert.Equal(tenant, claims.Tenant);
    }

    [Fact]
    public async Task A_credential_that_expires_is_a_token_whose_own_key_gives_its_servers()
    {
        var (_, key) = await NewKeyAsync();
        var made = await CreateAsync(key, """{"expiryInSeconds":600,"label":"x"}""");

        Assert.Equal((600, "x"), ((int)made["expiryInSeconds"]!, (string?)made["label"]));
        await ServersOfAsync(made);
        await ExpectErrorAsync(await gateway.Anonymous.GetAsync($"/api/v1/turn/credentials?apiKey={ApiKeyOf(made)[..^8]}AAAAAAAA"), 401, "Invalid API Key");

        Assert.Equal("Credential disabled successfully", (string?)(await (await PostAsync("disable", key, made)).ExpectAsync(200))["message"]);
        await ExpectErrorAsync(await gateway.Anonymous.GetAsync($"/api/v1/turn/credentials?apiKey={ApiKeyOf(made)}"), 401, "Invalid API Key");
        await ExpectErrorAsync(await PostAsync("enable", key, made), 400, "Credential was disabled, which is final here: make another one");
    }

    [Fact]
    public async Task A_credential_without_expiry_is_a_static_one_with_a_label_of_its_own()
    {
        var (tenant, key) = await NewKeyAsync();

        // The gateway remembers the tenant as it is now.
        await ServersOfAsync(await CreateAsync(key, """{"expiryInSeconds":600}"""));
        var made = await CreateAsync(key, "{}");

        Assert.Null(made["expiryInSeconds"]);
        Assert.StartsWith($"{tenant}:", (string?)made["username"], StringComparison.Ordinal);
        await ServersOfAsync(made);
        await ExpectErrorAsync(await PostAsync("enable", key, made), 400, "Credential is already enabled");

        var list = await (await gateway.Anonymous.GetAsync($"/api/v2/turn/credentials?secretKey={key}")).ExpectAsync(200);
        Assert.Equal((string?)made["username"], (string?)Assert.Single(list["data"]!.AsArray())!["username"]);
        Assert.Null(list["data"]![0]!["password"]);
        Assert.Equal<(int?, int?, int?, int?)>((1, 1, null, null), ((int?)list["pagination"]!["total_records"], (int?)list["pagination"]!["total_pages"], (int?)list["pagination"]!["next_page"], (int?)list["pagination"]!["prev_page"]));

        await (await PostAsync("disable", key, made)).ExpectAsync(200);
        await ExpectErrorAsync(await PostAsync("disable", key, made), 401, "Credential not found");
        var changes = (await (await gateway.Operator.GetAsync($"/v1/audit?tenant={tenant}&limit=2")).ExpectAsync(200))["items"]!.AsArray();
        Assert.Equal(["credential.removed", "credential.created"], changes.Select(change => (string?)change!["action"]));
        Assert.All(changes, change => Assert.Equal(key.Split('.')[0], (string?)change!["actor"]));
        await ExpectErrorAsync(await gateway.Anonymous.GetAsync($"/api/v1/turn/credentials?apiKey={ApiKeyOf(made)}"), 401, "Invalid API Key");
    }

    [Fact]
    public async Task What_is_missing_or_wrong_is_said_in_their_words()
    {
        var (_, key) = await NewKeyAsync();
        await ExpectErrorAsync(await gateway.Anonymous.GetAsync("/api/v1/turn/credentials"), 400, "Please specify API Key");
        await ExpectErrorAsync(await gateway.Anonymous.GetAsync("/api/v1/turn/credentials?apiKey=wrong"), 401, "Invalid API Key");
        await ExpectErrorAsync(await gateway.Anonymous.GetAsync("/api/v1/turn/current_usage"), 400, "Please specify API Key");
        await ExpectErrorAsync(await gateway.Anonymous.GetAsync("/api/v1/turn/current_usage?secretKey=wrong"), 401, "Invalid secret key");
        await ExpectErrorAsync(await gateway.Anonymous.GetAsync("/api/v1/turn/current_usage?secretKey=SK%0d%0aX:%20y%00%C3%A9"), 401, "Invalid secret key");
        await ExpectErrorAsync(
            await gateway.Anonymous.PostAsync($"/api/v1/turn/credential?secretKey={key}", Responses.Json("""{"expiryInSeconds":0}""")), 400, "please enter a positive integer value for expiryInSeconds");
        await ExpectErrorAsync(await gateway.Anonymous.PostAsync($"/api/v1/turn/credential/enable?secretKey={key}", Responses.Json("""{"username":"nobody"}""")), 401, "Credential not found");
    }

    [Fact]
    public async Task Usage_is_what_was_relayed_in_gigabytes_by_user_and_day()
    {
        var (tenant, key) = await NewKeyAsync();
        var made = await CreateAsync(key, """{"expiryInSeconds":600,"label":"alice"}""");
        await (await gateway.Operator.PutAsync($"/v1/tenants/{tenant}/discovery", Responses.Json("""{"quotas":{"relayedBytesPerMonth":1000000000}}"""))).ExpectAsync(200);
        var now = TimeProvider.System.GetUtcNow();
        var source = Guid.NewGuid();
        await Grains.GetGrain<IUsageGrain>(GrainKeys.Usage(tenant, source)).RecordAsync(
            [new UsageReport(source, 1, new UsageKeys(tenant, "", "alice", "local", "", ""), new UsageTotals { BytesToPeer = 1_500_000_000, BytesFromPeer = 1 }, now)]);

        var all = await GetAsync("/api/v1/turn/current_usage");
        Assert.Equal((1m, 1.500000001m, 0.500000001m), ((decimal)all["quotaInGB"]!, (decimal)all["usageInGB"]!, (decimal)all["overageInGB"]!));
        Assert.Equal(1.500000001m, (decimal?)(await GetAsync($"/api/v1/turn/current_usage_for_user?username={made["username"]}"))["usageInGB"]);
        var users = await GetAsync("/api/v2/turn/current_usage_by_user");
        Assert.Equal(("alice", false), ((string?)Assert.Single(users["data"]!.AsArray())!["label"], (bool)users["has_more"]!));

        var (day, before) = ($"{now.UtcDateTime:yyyy-MM-dd}", $"{now.UtcDateTime.AddDays(-9):yyyy-MM-dd}");
        var first = await GetAsync($"/api/v2/turn/usage_daily_by_user?startDate={before}&endDate={day}");
        Assert.Equal((7, true), (first["data"]!.AsArray().Count, (bool)first["pagination"]!["has_more"]!));
        var second = await GetAsync($"/api/v2/turn/usage_daily_by_user?startDate={before}&endDate={day}&page=2");
        Assert.Equal((3, false, 10, 2), (second["data"]!.AsArray().Count, (bool)second["pagination"]!["has_more"]!, (int)second["pagination"]!["total_days"]!, (int)second["pagination"]!["total_pages"]!));
        Assert.Equal((day, 1.500000001m), ((string?)second["data"]![2]!["date"], (decimal)second["data"]![2]!["usage"]![0]!["usageInGB"]!));
        await ExpectErrorAsync(await gateway.Anonymous.GetAsync($"/api/v2/turn/usage_daily_by_user?secretKey={key}&startDate=soon"), 400, "startDate must be a date as 2026-09-01");
        await ExpectErrorAsync(
            await gateway.Anonymous.GetAsync($"/api/v2/turn/usage_daily_by_user?secretKey={key}&startDate=9999-12-31&endDate=9999-12-31"), 400, "endDate must be a date as 2026-09-01; startDate must be a date as 2026-09-01");

        async Task<JsonNode> GetAsync(string path) => await (await gateway.Anonymous.GetAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}secretKey={key}")).ExpectAsync(200);
    }

    [Fact]
    public async Task A_project_is_a_sub_account_with_a_quota_credentials_and_usage_of_its_own()
    {
        var (tenant, key) = await NewKeyAsync();
        var project = await (await PostAsync($"/api/v2/turn/project?secretKey={key}", """{"projectName":"Customer A","quotaInBytes":2000000,"quotaExceededAction":"notify","webhookUrl":null,"notificationEmails":[]}""")).ExpectAsync(200);
        Assert.Equal(["_id", "projectName", "quotaInBytes", "webhookUrl", "notificationEmails", "quotaExceededAction", "apiKey", "created"], project.Names());
        Assert.True(TenantId.TryParse((string?)project["_id"], out var id));
        var account = await (await gateway.Operator.GetAsync($"/v1/tenants/{id}")).ExpectAsync(200);
        Assert.Equal(("Customer A", $"{tenant}"), ((string?)account["name"], (string?)account["parent"]));
        var quotas = (await (await gateway.Operator.GetAsync($"/v1/tenants/{id}/discovery")).ExpectAsync(200))["quotas"]!;
        Assert.Equal((2_000_000L, "notify"), ((long)quotas["relayedBytesPerMonth"]!, (string?)quotas["onQuota"]));

        var path = $"/api/v2/turn/project/{id}";
        var made = await (await PostAsync($"{path}/credential?secretKey={key}", """{"expiryInSeconds":600,"label":"bob"}""")).ExpectAsync(200);
        await ServersOfAsync(made);
        Assert.True(TurnCredential.TryDecode(Encoding.ASCII.GetBytes((string)made["username"]!), out var claims));
        Assert.Equal((id, "bob"), (claims.Tenant, claims.Label));

        var (source, now) = (Guid.NewGuid(), TimeProvider.System.GetUtcNow());
        await Grains.GetGrain<IUsageGrain>(GrainKeys.Usage(id, source)).RecordAsync(
            [new UsageReport(source, 1, new UsageKeys(id, "", "bob", "local", "", ""), new UsageTotals { BytesToPeer = 2_000_000, BytesFromPeer = 500_000 }, now)]);
        foreach (var proof in (string[])[$"secretKey={key}", $"projectApiKey={project["apiKey"]}"])
        {
            var usage = await (await gateway.Anonymous.GetAsync($"{path}/current_usage?{proof}")).ExpectAsync(200);
            Assert.Equal((2_000_000L, 2_500_000L, 500_000L), ((long)usage["quotaInBytes"]!, (long)usage["usageInBytes"]!, (long)usage["overageInBytes"]!));
            var days = (await (await gateway.Anonymous.GetAsync($"{path}/current_usage_by_date?{proof}")).ExpectAsync(200)).AsArray();
            Assert.Equal(2_500_000L, (long)days.Single(day => (string?)day!["date"] == $"{now.UtcDateTime:yyyy-MM-dd}")!["usageInBytes"]!);
            var user = await (await gateway.Anonymous.GetAsync($"{path}/current_usage_for_user?{proof}&username={Uri.EscapeDataString((string)made["username"]!)}")).ExpectAsync(200);
            Assert.Equal(("bob", 2_500_000L), ((string?)user["label"], (long)user["usageInBytes"]!));
        }

        var (_, other) = await NewKeyAsync();
        await ExpectErrorAsync(await gateway.Anonymous.GetAsync($"{path}/current_usage?secretKey={other}"), 400, "Project not found");
        await ExpectErrorAsync(await PostAsync($"{path}/credential?secretKey={other}", "{}"), 400, "Project not found");
    }

    [Theory]
    [InlineData("{}", "projectName must be 1 to 64 characters")]
    [InlineData("""{"projectName":"p","quotaInBytes":1048575}""", "quotaInBytes must be 0, for none, or at least 1048576")]
    [InlineData("""{"projectName":"p","quotaInBytes":"much"}""", "quotaInBytes must be a whole number")]
    [InlineData("""{"projectName":"p","quotaExceededAction":"explode"}""", "quotaExceededAction must be disable, notify or none")]
    [InlineData("""{"projectName":"p","webhookUrl":"https://a.example/"}""", "webhookUrl is not offered here: make a usage trigger, which calls a server when a value is reached")]
    public async Task What_is_wrong_with_a_project_is_said(string body, string text)
    {
        var (_, key) = await NewKeyAsync();
        await ExpectErrorAsync(await PostAsync($"/api/v2/turn/project?secretKey={key}", body), 400, text);
    }

    [Fact]
    public async Task No_key_of_an_address_reaches_the_log_at_any_level()
    {
        var (_, key) = await NewKeyAsync();
        var made = await CreateAsync(key, "{}");
        await ServersOfAsync(made);

        Assert.DoesNotContain(gateway.Logs.Lines, line => line.Contains(key.Split('.')[1], StringComparison.Ordinal) || line.Contains(ApiKeyOf(made), StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_rest_form_gives_a_token_with_the_user_as_label()
    {
        var (tenant, key) = await NewKeyAsync();
        var answer = await (await gateway.Anonymous.GetAsync($"/turn?service=turn&username=alice&ttl=600&key={key}")).ExpectAsync(200);

        Assert.Equal(["username", "password", "ttl", "uris"], answer.Names());
        Assert.Equal(600, (int?)answer["ttl"]);
        Assert.True(TurnCredential.TryDecode(Encoding.ASCII.GetBytes((string)answer["username"]!), out var claims));
        Assert.Equal((tenant, "alice"), (claims.Tenant, claims.Label));
        Assert.All(answer["uris"]!.AsArray(), uri => Assert.StartsWith("turn", (string?)uri, StringComparison.Ordinal));
    }

    private async Task<(TenantId Tenant, string Key)> NewKeyAsync()
    {
        var tenant = await gateway.NewTenantAsync();
        var made = await (await tenant.Client.PostAsync($"/v1/tenants/{tenant.Id}/keys", Responses.Json("""{"name":"metered"}"""))).ExpectAsync(201);
        return (TenantId.TryParse(tenant.Id, out var id) ? id : default, $"{made["id"]}.{made["secret"]}");
    }

    private async Task<JsonNode> CreateAsync(string key, string body)
    {
        var made = await (await gateway.Anonymous.PostAsync($"/api/v1/turn/credential?secretKey={key}", Responses.Json(body))).ExpectAsync(200);
        Assert.Equal(["username", "password", "expiryInSeconds", "label", "apiKey", "expired"], made.Names());
        return made;
    }

    private Task<HttpResponseMessage> PostAsync(string path, string body) => gateway.Anonymous.PostAsync(path, Responses.Json(body));

    private Task<HttpResponseMessage> PostAsync(string action, string key, JsonNode made) =>
        gateway.Anonymous.PostAsync($"/api/v1/turn/credential/{action}?secretKey={key}", Responses.Json(new JsonObject { ["username"] = (string?)made["username"] }.ToJsonString()));

    private async Task ServersOfAsync(JsonNode made)
    {
        var servers = (await (await gateway.Anonymous.GetAsync($"/api/v1/turn/credentials?apiKey={ApiKeyOf(made)}")).ExpectAsync(200)).AsArray();
        var turn = servers.First(server => ((string)server!["urls"]!).StartsWith("turn:", StringComparison.Ordinal))!;
        Assert.Equal(((string?)made["username"], (string?)made["password"]), ((string?)turn["username"], (string?)turn["credential"]));
    }

    private static string ApiKeyOf(JsonNode made) => (string)made["apiKey"]!;

    private static async Task ExpectErrorAsync(HttpResponseMessage response, int status, string text)
    {
        var body = await response.ExpectAsync(status);
        Assert.Equal((text, text), ((string?)body["error"], (string?)body["message"]));
    }
}
