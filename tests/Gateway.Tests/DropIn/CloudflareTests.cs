using System.Net.Http.Headers;
using System.Text;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tests.DropIn;

public sealed class CloudflareTests(RealGateway real)
{
    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Generated_servers_are_an_array_with_the_credential_and_carry_the_identifier()
    {
        var (_, uid, client) = await NewKeyAsync();

        var body = await (await client.PostAsync(Path(uid, "generate-ice-servers"), Responses.Json("""{"ttl":600,"customIdentifier":"user4523958","later":true}"""))).ExpectAsync(201);

        Assert.Equal(["iceServers"], body.Names());
        Assert.Equal(["urls"], body["iceServers"]![0]!.Names());
        Assert.True(TurnCredential.TryDecode(Encoding.ASCII.GetBytes((string)body["iceServers"]![1]!["username"]!), out var claims));
        Assert.Equal(("user4523958", TimeSpan.FromMinutes(10)), (claims.Label, claims.ExpiresAt - claims.IssuedAt));
        Assert.NotEmpty((string)body["iceServers"]![1]!["credential"]!);
    }

    [Fact]
    public async Task The_older_form_is_one_server_with_all_uris()
    {
        var (_, uid, client) = await NewKeyAsync();

        var server = (await (await client.PostAsync(Path(uid, "generate"), Responses.Json("""{"ttl":600}"""))).ExpectAsync(201))["iceServers"]!;

        Assert.Equal(["urls", "username", "credential"], server.Names());
        Assert.Equal("stun:192.0.2.1:3478", (string?)server["urls"]![0]);
        Assert.Contains("turn:192.0.2.1:3478?transport=udp", server["urls"]!.AsArray().Select(uri => (string?)uri));
    }

    [Fact]
    public async Task Revoked_username_is_revoked_everywhere_and_anothers_is_not_found()
    {
        var (tenant, uid, client) = await NewKeyAsync();
        var (_, otherUid, other) = await NewKeyAsync();
        var body = await (await client.PostAsync(Path(uid, "generate-ice-servers"), Responses.Json("""{"ttl":600}"""))).ExpectAsync(201);
        var username = (string)body["iceServers"]![1]!["username"]!;

        await ExpectErrorAsync(await other.PostAsync(Path(otherUid, $"{Uri.EscapeDataString(username)}/revoke"), null), 404, "not_found");
        await ExpectErrorAsync(await client.PostAsync(Path(uid, "nobody/revoke"), null), 404, "not_found");
        await (await client.PostAsync(Path(uid, $"{Uri.EscapeDataString(username)}/revoke"), null)).ExpectAsync(204);

        Assert.True(TurnCredential.TryDecode(Encoding.ASCII.GetBytes(username), out var claims));
        var snapshot = await real.Grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant)).GetSnapshotAsync(null);
        Assert.Contains(claims.Token, snapshot!.RevokedTokens);
    }

    [Theory]
    [InlineData("""{"ttl":0}""", "ttl_out_of_range"), InlineData("""{"ttl":172801}""", "ttl_out_of_range"), InlineData("""{"ttl":"600"}""", "validation_failed")]
    [InlineData("""{"ttl":600,"customIdentifier":""}""", "validation_failed"), InlineData("[]", "malformed_json"), InlineData("{", "malformed_json")]
    [InlineData("""{"customIdentifier":"\ud800"}""", "malformed_json"), InlineData("""{"\udfff":1}""", "malformed_json")]
    public async Task What_is_wrong_is_refused_in_an_envelope_that_names_it(string body, string code)
    {
        var (_, uid, client) = await NewKeyAsync();
        await ExpectErrorAsync(await client.PostAsync(Path(uid, "generate-ice-servers"), Responses.Json(body)), 400, code);
    }

    [Fact]
    public async Task Only_the_token_of_the_key_in_the_path_mints()
    {
        var (_, uid, _) = await NewKeyAsync();
        var (_, _, other) = await NewKeyAsync();
        using var none = Gateway.Client(null);
        foreach (var client in (HttpClient[])[other, none, Gateway.Operator])
        {
            await ExpectErrorAsync(await client.PostAsync(Path(uid, "generate-ice-servers"), Responses.Json("{}")), 401, "unauthenticated");
        }
    }

    [Fact]
    public async Task Keys_are_listed_without_their_token_and_mint_nothing_once_deleted()
    {
        var (tenant, uid, client) = await NewKeyAsync();
        var list = await (await client.GetAsync($"/client/v4/accounts/{tenant}/calls/turn_keys")).ExpectAsync(200);
        Assert.Equal(["uid", "name", "created", "modified"], list["result"]![0]!.Names());
        Assert.Equal(uid, (string?)(await (await client.GetAsync($"/client/v4/accounts/{tenant}/calls/turn_keys/{uid}")).ExpectAsync(200))["result"]!["uid"]);

        await (await Gateway.Operator.DeleteAsync($"/client/v4/accounts/{tenant}/calls/turn_keys/{uid}")).ExpectAsync(200);

        await ExpectErrorAsync(await Gateway.Operator.GetAsync($"/client/v4/accounts/{tenant}/calls/turn_keys/{uid}"), 404, "not_found");
        await ExpectErrorAsync(await client.PostAsync(Path(uid, "generate-ice-servers"), Responses.Json("{}")), 401, "unauthenticated");
    }

    [Fact]
    public async Task Keys_of_another_account_look_missing()
    {
        var (tenant, _, _) = await NewKeyAsync();
        var (_, _, other) = await NewKeyAsync();
        await ExpectErrorAsync(await other.GetAsync($"/client/v4/accounts/{tenant}/calls/turn_keys"), 404, "not_found");
        await ExpectErrorAsync(await other.PostAsync($"/client/v4/accounts/{tenant}/calls/turn_keys", Responses.Json("""{"name":"x"}""")), 404, "not_found");
    }

    private async Task<(TenantId Tenant, string Uid, HttpClient Client)> NewKeyAsync()
    {
        var tenant = await Gateway.NewTenantAsync();
        var made = (await (await tenant.Client.PostAsync($"/client/v4/accounts/{tenant.Id}/calls/turn_keys", Responses.Json("""{"name":"calls"}"""))).ExpectAsync(201))["result"]!;
        Assert.Equal(["uid", "name", "created", "modified", "key"], made.Names());
        var client = Gateway.Client(new AuthenticationHeaderValue("Bearer", (string)made["key"]!));
        return (TenantId.TryParse(tenant.Id, out var id) ? id : default, (string)made["uid"]!, client);
    }

    private static async Task ExpectErrorAsync(HttpResponseMessage response, int status, string code)
    {
        var body = await response.ExpectAsync(status);
        Assert.Equal(["success", "errors", "messages", "result"], body.Names());
        Assert.False((bool)body["success"]!);
        Assert.StartsWith(code + ":", (string?)body["errors"]![0]!["message"], StringComparison.Ordinal);
    }

    private static string Path(string uid, string action) => $"/v1/turn/keys/{uid}/credentials/{action}";
}
