using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Audit;

public sealed class AuditTests(RealGateway real)
{
    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task A_change_is_listed_with_who_made_it_from_where_and_the_id_of_its_request()
    {
        var tenant = await Gateway.NewTenantAsync("Acme");
        var made = await tenant.Client.PostAsync($"/v1/tenants/{tenant.Id}/keys", Responses.Json("""{"name":"ci"}"""));
        var key = (string)(await made.ExpectAsync(201))["id"]!;

        var items = await ListAsync(tenant.Client);

        Assert.Equal(["key.created", "tenant.created"], items.Select(item => (string?)item!["action"]));
        Assert.Equal(["id", "at", "tenant", "action", "subject", "detail", "actor", "address", "requestId"], items[0]!.Names());
        Assert.Equal((tenant.Id, key, "ci", tenant.Id, "127.0.0.1"), (Text(items[0], "tenant"), Text(items[0], "subject"), Text(items[0], "detail"), Text(items[0], "actor"), Text(items[0], "address")));
        Assert.Equal(made.Headers.GetValues("Request-Id").Single(), Text(items[0], "requestId"));
        Assert.Equal(("operator", "Acme", null), (Text(items[1], "actor"), Text(items[1], "detail"), Text(items[1], "subject")));
    }

    [Fact]
    public async Task Every_change_of_an_account_is_listed_whichever_api_it_came_through()
    {
        var parent = await Gateway.NewTenantAsync("parent");
        var sub = await Gateway.NewTenantAsync("sub", parent.Client);
        var (own, path) = (sub.Client, $"/v1/tenants/{sub.Id}");
        var key = (await (await own.PostAsync($"{path}/keys", Responses.Json("""{"name":"ci"}"""))).ExpectAsync(201))!;
        using var bearer = Gateway.Client(new AuthenticationHeaderValue("Bearer", $"{key["id"]}.{key["secret"]}"));
        var credential = (string)(await (await own.PostAsync($"{path}/credentials", Responses.Json("""{"username":"camera"}"""))).ExpectAsync(201))["id"]!;
        await (await own.DeleteAsync($"{path}/credentials/{credential}")).ExpectAsync(204);
        await (await own.PostAsync($"{path}/signing-keys/rotate", null)).ExpectAsync(200);
        await (await own.PostAsync($"{path}/shared-secrets/rotate", null)).ExpectAsync(200);
        await (await own.PostAsync($"{path}/callback-secrets/rotate", null)).ExpectAsync(200);
        await (await own.PutAsync($"{path}/discovery", Responses.Json("""{"decision":"direct"}"""))).ExpectAsync(200);
        await (await own.DeleteAsync("/v1/tokens/TK00000000000000000000000000000001")).ExpectAsync(204);
        await (await own.DeleteAsync("/v1/tokens?label=x")).ExpectAsync(204);
        await (await bearer.PutAsync($"/client/v4/accounts/{sub.Id}/calls/turn_keys/{key["id"]}", Responses.Json("""{"name":"renamed"}"""))).ExpectAsync(200);
        var trigger = (string)(await (await own.PostAsync($"/2010-04-01/Accounts/{sub.Id}/Usage/Triggers.json", Form(("CallbackUrl", "http://127.0.0.1:9/x"), ("TriggerValue", "1000"), ("UsageCategory", "turnmegabytes")))).ExpectAsync(201))["sid"]!;
        await (await own.PostAsync($"/2010-04-01/Accounts/{sub.Id}/Usage/Triggers/{trigger}.json", Form(("FriendlyName", "renamed")))).ExpectAsync(200);
        await (await own.DeleteAsync($"/2010-04-01/Accounts/{sub.Id}/Usage/Triggers/{trigger}.json")).ExpectAsync(204);
        await (await own.DeleteAsync($"/2010-04-01/Accounts/{sub.Id}/Keys/{key["id"]}.json")).ExpectAsync(204);
        await (await parent.Client.PatchAsJsonAsync(path, new { status = "suspended" })).ExpectAsync(200);

        var items = await ListAsync(parent.Client, $"?tenant={sub.Id}");

        Assert.Equal(
            [
                "tenant.created", "key.created", "credential.created", "credential.removed", "signing-key.rotated", "shared-secret.rotated", "callback-secret.rotated", "discovery.changed",
                "label.revoked", "key.renamed", "usage-trigger.created", "usage-trigger.changed", "usage-trigger.removed", "key.removed", "tenant.status",
            ],
            items.Reverse().Select(item => (string?)item!["action"]));
        var details = items.ToDictionary(item => (string)item!["action"]!, item => (string?)item!["detail"]);
        Assert.Equal(
            ("renamed", "camera", "renamed", "renamed"),
            (details["key.removed"], details["credential.removed"]![^"camera".Length..], details["usage-trigger.changed"], details["usage-trigger.removed"]));
        var actors = items.Reverse().Select(item => (string?)item!["actor"]).Distinct().ToList();
        Assert.Equal([parent.Id, sub.Id, (string?)key["id"]], actors);
        Assert.DoesNotContain((string)key["secret"]!, items.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Neither_reading_nor_a_refusal_nor_a_repetition_is_listed()
    {
        var tenant = await Gateway.NewTenantAsync();
        await (await tenant.Client.GetAsync($"/v1/tenants/{tenant.Id}")).ExpectAsync(200);
        await (await tenant.Client.PostAsync($"/v1/tenants/{tenant.Id}/keys", Responses.Json("{}"))).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        await (await tenant.Client.DeleteAsync($"/v1/tenants/{tenant.Id}/keys/SK00000000000000000000000000000001")).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await tenant.Client.PutAsync($"/v1/tenants/{tenant.Id}/discovery", Responses.Json("""{"decision":"direct"}"""))).ExpectAsync(200);
        await (await tenant.Client.PutAsync($"/v1/tenants/{tenant.Id}/discovery", Responses.Json("""{"decision":"direct"}"""))).ExpectAsync(200);

        Assert.Equal(["discovery.changed", "tenant.created"], (await ListAsync(tenant.Client)).Select(item => (string?)item!["action"]));
    }

    [Fact]
    public async Task Pages_follow_each_other_and_filters_hold()
    {
        var tenant = await Gateway.NewTenantAsync();
        foreach (var name in (string[])["a", "b", "c"])
        {
            await (await tenant.Client.PostAsync($"/v1/tenants/{tenant.Id}/keys", Responses.Json($$"""{"name":"{{name}}"}"""))).ExpectAsync(201);
        }

        var first = await (await tenant.Client.GetAsync("/v1/audit?limit=2&action=key.created")).ExpectAsync(200);
        var second = await (await tenant.Client.GetAsync($"/v1/audit?limit=2&action=key.created&after={first["next"]}")).ExpectAsync(200);

        Assert.Equal(["c", "b"], first["items"]!.AsArray().Select(item => (string?)item!["detail"]));
        Assert.Equal(["a"], second["items"]!.AsArray().Select(item => (string?)item!["detail"]));
        Assert.Null(second["next"]);
        Assert.Empty(await ListAsync(tenant.Client, "?from=2100-01-01"));
        Assert.Equal(4, (await ListAsync(tenant.Client, "?to=2100-01-01")).Count);
        var problem = await (await tenant.Client.GetAsync("/v1/audit?limit=0&after=x&action=y&from=z&to=z")).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(["action", "after", "from", "limit", "to"], problem.Fields());
    }

    [Fact]
    public async Task A_tenant_sees_its_own_and_its_sub_accounts_and_the_operator_all()
    {
        var (one, other) = (await Gateway.NewTenantAsync("one"), await Gateway.NewTenantAsync("other"));

        Assert.All(await ListAsync(one.Client), item => Assert.Equal(one.Id, (string?)item!["tenant"]));
        await (await one.Client.GetAsync($"/v1/audit?tenant={other.Id}")).ExpectProblemAsync(ProblemCodes.NotFound);
        var all = (await ListAsync(Gateway.Operator, "?limit=500&action=tenant.created")).Select(item => (string?)item!["tenant"]).ToList();
        Assert.Contains(one.Id, all);
        Assert.Contains(other.Id, all);
        Assert.Equal([one.Id], (await ListAsync(Gateway.Operator, $"?tenant={one.Id}")).Select(item => (string?)item!["tenant"]).Distinct());
    }

    private static async Task<JsonArray> ListAsync(HttpClient client, string query = "") => (await (await client.GetAsync($"/v1/audit{query}")).ExpectAsync(200))["items"]!.AsArray();

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) => new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    private static string? Text(JsonNode? item, string name) => (string?)item![name];
}
