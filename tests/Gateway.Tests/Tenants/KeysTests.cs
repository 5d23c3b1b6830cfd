using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces.Credentials;

namespace NetDiscovery.Gateway.Tests.Tenants;

public sealed class KeysTests(RealGateway real)
{
    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Key_authenticates_by_basic_and_bearer_until_it_is_removed()
    {
        var tenant = await Gateway.NewTenantAsync();
        var body = await (await tenant.Client.PostAsJsonAsync($"/v1/tenants/{tenant.Id}/keys", new { name = "ci" })).ExpectAsync(201);
        Assert.Equal(["id", "name", "createdAt", "secret"], body.Names());
        var (id, secret) = ((string)body["id"]!, (string)body["secret"]!);
        Assert.Matches("^SK[0-9a-f]{32}$", id);
        HttpClient[] ways = [Gateway.Basic(id, secret), Gateway.Client(new AuthenticationHeaderValue("Bearer", $"{id}.{secret}"))];

        foreach (var client in ways)
        {
            await (await client.GetAsync($"/v1/tenants/{tenant.Id}")).ExpectAsync(200);
            await (await client.PostAsync("/v1/tokens", null)).ExpectAsync(201);
        }

        await (await Gateway.Basic(id, "wrong").GetAsync($"/v1/tenants/{tenant.Id}")).ExpectProblemAsync(ProblemCodes.Unauthenticated);
        await (await Gateway.Basic(tenant.Id, secret).GetAsync($"/v1/tenants/{tenant.Id}")).ExpectProblemAsync(ProblemCodes.Unauthenticated);
        var list = await (await tenant.Client.GetAsync($"/v1/tenants/{tenant.Id}/keys")).ExpectAsync(200);
        Assert.Equal(["id", "name", "createdAt"], Assert.Single(list["items"]!.AsArray())!.Names());

        await (await tenant.Client.DeleteAsync($"/v1/tenants/{tenant.Id}/keys/{id}")).ExpectAsync(204);

        foreach (var client in ways)
        {
            await (await client.GetAsync($"/v1/tenants/{tenant.Id}")).ExpectProblemAsync(ProblemCodes.Unauthenticated);
        }

        await (await tenant.Client.DeleteAsync($"/v1/tenants/{tenant.Id}/keys/{id}")).ExpectProblemAsync(ProblemCodes.NotFound);
    }

    [Fact]
    public async Task Key_without_a_name_is_refused()
    {
        var tenant = await Gateway.NewTenantAsync();
        var problem = await (await tenant.Client.PostAsync($"/v1/tenants/{tenant.Id}/keys", Responses.Json("""{"title":"x"}"""))).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(["name", "title"], problem.Fields());
    }

    [Fact]
    public async Task Rotated_signing_key_signs_the_next_token()
    {
        var tenant = await Gateway.NewTenantAsync();
        Assert.Equal(1u, await KeyVersionAsync(tenant));

        var body = await (await tenant.Client.PostAsync($"/v1/tenants/{tenant.Id}/signing-keys/rotate", null)).ExpectAsync(200);

        Assert.Equal(2, (int)body["keyVersion"]!);
        Assert.Equal(2u, await KeyVersionAsync(tenant));
    }

    private static async Task<uint> KeyVersionAsync(TestTenant tenant)
    {
        var token = await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectAsync(201);
        Assert.True(TurnCredential.TryDecode(Encoding.ASCII.GetBytes((string)token["username"]!), out var claims));
        return claims.KeyVersion;
    }
}
