using System.Net.Http.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Tenants;

public sealed class TenantsTests(RealGateway real)
{
    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Created_tenant_has_the_shape_of_the_api_page_and_its_auth_token_works()
    {
        var response = await Gateway.Operator.PostAsJsonAsync("/v1/tenants", new { name = "Möwe & Söhne" });
        var body = await response.ExpectAsync(201);

        Assert.Equal(["id", "name", "status", "parent", "createdAt", "authToken"], body.Names());
        Assert.Matches("^AC[0-9a-f]{32}$", (string)body["id"]!);
        Assert.Equal("active", (string?)body["status"]);
        Assert.Equal($"/v1/tenants/{body["id"]}", response.Headers.Location?.ToString());
        using var tenant = Gateway.Basic((string)body["id"]!, (string)body["authToken"]!);
        var read = await (await tenant.GetAsync($"/v1/tenants/{body["id"]}")).ExpectAsync(200);
        Assert.Equal(["id", "name", "status", "parent", "createdAt"], read.Names());
        Assert.Equal("Möwe & Söhne", (string?)read["name"]);
    }

    [Theory]
    [InlineData("{}", "name")]
    [InlineData("""{"name":""}""", "name")]
    [InlineData("""{"name":"   "}""", "name")]
    [InlineData("""{"name":7,"parent":"x","colour":"red"}""", "colour name parent")]
    [InlineData("""{"name":null}""", "name")]
    public async Task Bad_tenant_names_every_field(string body, string fields)
    {
        var problem = await (await Gateway.Operator.PostAsync("/v1/tenants", Responses.Json(body))).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(fields, string.Join(' ', problem.Fields()));
    }

    [Fact]
    public async Task Another_tenant_looks_the_same_as_a_missing_one()
    {
        var (one, other) = (await Gateway.NewTenantAsync(), await Gateway.NewTenantAsync());
        const string Missing = "AC0123456789abcdef0123456789abcdef";
        foreach (var (method, path, body) in (IEnumerable<(string, string, string?)>)
        [
            ("GET", "", null), ("PATCH", "", """{"status":"suspended"}"""), ("GET", "/keys", null), ("POST", "/keys", """{"name":"k"}"""),
            ("DELETE", "/keys/SK0123456789abcdef0123456789abcdef", null), ("POST", "/signing-keys/rotate", null), ("GET", "/discovery", null), ("PUT", "/discovery", "{}"),
        ])
        {
            string[] answers = await Task.WhenAll(new[] { other.Id, Missing, "nonsense" }.Select(async id =>
            {
                var request = new HttpRequestMessage(new HttpMethod(method), $"/v1/tenants/{id}{path}") { Content = body is null ? null : Responses.Json(body) };
                var problem = await (await one.Client.SendAsync(request)).ExpectProblemAsync(ProblemCodes.NotFound);
                problem["traceId"] = "";
                return problem.ToJsonString().Replace(id, "ID", StringComparison.Ordinal);
            }));

            Assert.Single(answers.Distinct());
        }

        await (await one.Client.PostAsync($"/v1/tokens?tenant={other.Id}", null)).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await one.Client.GetAsync($"/v1/usage?tenant={other.Id}")).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await one.Client.GetAsync($"/v1/allocations?tenant={other.Id}")).ExpectProblemAsync(ProblemCodes.NotFound);
    }

    [Fact]
    public async Task Suspended_tenant_reads_but_changes_nothing_and_mints_nothing_until_it_is_active_again()
    {
        var tenant = await Gateway.NewTenantAsync();
        await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectAsync(201);

        await SetStatusAsync(tenant.Id, "suspended");

        await (await tenant.Client.GetAsync($"/v1/tenants/{tenant.Id}")).ExpectAsync(200);
        await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectProblemAsync(ProblemCodes.TenantSuspended);
        await (await tenant.Client.PutAsJsonAsync($"/v1/tenants/{tenant.Id}/discovery", new { })).ExpectProblemAsync(ProblemCodes.TenantSuspended);
        await (await tenant.Client.PostAsJsonAsync($"/v1/tenants/{tenant.Id}/keys", new { name = "k" })).ExpectProblemAsync(ProblemCodes.TenantSuspended);
        await (await Gateway.Operator.PostAsync($"/v1/tokens?tenant={tenant.Id}", null)).ExpectProblemAsync(ProblemCodes.TenantSuspended);

        await SetStatusAsync(tenant.Id, "active");

        await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectAsync(201);
    }

    [Fact]
    public async Task Closed_is_final()
    {
        var tenant = await Gateway.NewTenantAsync();
        await SetStatusAsync(tenant.Id, "closed");

        await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectProblemAsync(ProblemCodes.TenantClosed);
        await (await Gateway.Operator.PatchAsJsonAsync($"/v1/tenants/{tenant.Id}", new { status = "active" })).ExpectProblemAsync(ProblemCodes.ClosedIsFinal);
        await (await Gateway.Operator.PutAsJsonAsync($"/v1/tenants/{tenant.Id}/discovery", new { })).ExpectProblemAsync(ProblemCodes.ClosedIsFinal);
    }

    [Fact]
    public async Task Tenant_can_not_change_its_own_status_and_the_status_must_be_known()
    {
        var tenant = await Gateway.NewTenantAsync();

        await (await tenant.Client.PatchAsJsonAsync($"/v1/tenants/{tenant.Id}", new { status = "closed" })).ExpectProblemAsync(ProblemCodes.Forbidden);
        foreach (var body in (string[])["{}", """{"status":"gone"}""", """{"status":1}""", """{"status":null}"""])
        {
            var problem = await (await Gateway.Operator.PatchAsync($"/v1/tenants/{tenant.Id}", Responses.Json(body))).ExpectProblemAsync(ProblemCodes.ValidationFailed);
            Assert.Equal(["status"], problem.Fields());
        }
    }

    [Fact]
    public async Task Parent_acts_for_its_sub_accounts_and_nobody_else_does()
    {
        var (parent, stranger) = (await Gateway.NewTenantAsync("parent"), await Gateway.NewTenantAsync("stranger"));
        var sub = await Gateway.NewTenantAsync("sub", parent.Client);

        var body = await (await parent.Client.GetAsync($"/v1/tenants/{sub.Id}")).ExpectAsync(200);
        Assert.Equal(parent.Id, (string?)body["parent"]);
        await (await parent.Client.PostAsync($"/v1/tokens?tenant={sub.Id}", null)).ExpectAsync(201);
        await (await parent.Client.PutAsJsonAsync($"/v1/tenants/{sub.Id}/discovery", new { decision = "relay-only" })).ExpectAsync(200);
        await (await parent.Client.PatchAsJsonAsync($"/v1/tenants/{sub.Id}", new { status = "suspended" })).ExpectAsync(200);
        await (await sub.Client.PostAsync("/v1/tokens", null)).ExpectProblemAsync(ProblemCodes.TenantSuspended);
        await (await stranger.Client.GetAsync($"/v1/tenants/{sub.Id}")).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await sub.Client.GetAsync($"/v1/tenants/{parent.Id}")).ExpectProblemAsync(ProblemCodes.NotFound);
        Assert.Equal([sub.Id], await ListAsync(parent.Client, ""));
        Assert.Empty(await ListAsync(stranger.Client, ""));
        Assert.Equal([sub.Id], await ListAsync(Gateway.Operator, $"?parent={parent.Id}"));
    }

    [Fact]
    public async Task Sub_account_follows_a_suspended_parent()
    {
        var parent = await Gateway.NewTenantAsync();
        var sub = await Gateway.NewTenantAsync("sub", parent.Client);

        await SetStatusAsync(parent.Id, "suspended");

        await (await sub.Client.PostAsync("/v1/tokens", null)).ExpectProblemAsync(ProblemCodes.TenantSuspended);
    }

    [Fact]
    public async Task Sub_accounts_have_no_sub_accounts_and_no_parents_that_are_not_theirs()
    {
        var (parent, other) = (await Gateway.NewTenantAsync(), await Gateway.NewTenantAsync());
        var sub = await Gateway.NewTenantAsync("sub", parent.Client);

        await (await sub.Client.PostAsJsonAsync("/v1/tenants", new { name = "x" })).ExpectProblemAsync(ProblemCodes.NestedSubAccount);
        await (await Gateway.Operator.PostAsJsonAsync("/v1/tenants", new { name = "x", parent = sub.Id })).ExpectProblemAsync(ProblemCodes.NestedSubAccount);
        await (await parent.Client.PostAsJsonAsync("/v1/tenants", new { name = "x", parent = other.Id })).ExpectProblemAsync(ProblemCodes.Forbidden);
        await (await Gateway.Operator.PostAsJsonAsync("/v1/tenants", new { name = "x", parent = "AC0123456789abcdef0123456789abcdef" })).ExpectProblemAsync(ProblemCodes.ValidationFailed);
    }

    [Fact]
    public async Task List_goes_through_all_pages_once()
    {
        var parent = await Gateway.NewTenantAsync();
        var made = new List<string>();
        for (var index = 0; index < 5; index++)
        {
            made.Add((await Gateway.NewTenantAsync($"sub {index}", parent.Client)).Id);
        }

        var (seen, after) = (new List<string>(), (string?)"");
        for (var pages = 0; after is not null && pages < 10; pages++)
        {
            var page = await (await parent.Client.GetAsync($"/v1/tenants?limit=2{(after.Length > 0 ? "&after=" + after : "")}")).ExpectAsync(200);
            Assert.InRange(page["items"]!.AsArray().Count, 1, 2);
            seen.AddRange(page["items"]!.AsArray().Select(item => (string)item!["id"]!));
            after = (string?)page["next"];
        }

        Assert.Equal(made.Order(StringComparer.Ordinal), seen);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=501", "limit")]
    [InlineData("limit=x&after=y", "after limit")]
    [InlineData("parent=z", "parent")]
    public async Task Bad_list_parameters_are_named(string query, string fields)
    {
        var problem = await (await Gateway.Operator.GetAsync($"/v1/tenants?{query}")).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(fields, string.Join(' ', problem.Fields()));
    }

    private static async Task<IEnumerable<string>> ListAsync(HttpClient client, string query) =>
        (await (await client.GetAsync($"/v1/tenants{query}")).ExpectAsync(200))["items"]!.AsArray().Select(item => (string)item!["id"]!);

    private async Task SetStatusAsync(string id, string status)
    {
        var body = await (await Gateway.Operator.PatchAsJsonAsync($"/v1/tenants/{id}", new { status })).ExpectAsync(200);
        Assert.Equal(status, (string?)body["status"]);
    }
}
