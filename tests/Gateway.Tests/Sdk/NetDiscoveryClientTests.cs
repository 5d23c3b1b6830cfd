using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using NetDiscovery.Client;
using NetDiscovery.Client.Models;
using NetDiscovery.Gateway.Tests.Callbacks;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Sdk;

public sealed class NetDiscoveryClientTests(RealGateway real)
{
    private static readonly NetDiscoveryClientOptions Quick = new() { FirstPause = TimeSpan.FromMilliseconds(1) };

    [Fact]
    public async Task Every_resource_is_reached_and_read()
    {
        using var platform = new NetDiscoveryClient(real.Gateway.BaseAddress, Credentials.Operator(TestGateway.OperatorKey));
        var tenant = await platform.Tenants.CreateAsync("sdk");
        using var client = new NetDiscoveryClient(real.Gateway.BaseAddress, Credentials.Tenant(tenant.Id, tenant.AuthToken));

        var key = await client.Tenants.CreateKeyAsync(tenant.Id, "ci");
        using var byKey = new NetDiscoveryClient(real.Gateway.BaseAddress, Credentials.ApiKey(key.Id, key.Secret));
        Assert.Equal("active", (await byKey.Tenants.GetAsync(tenant.Id)).Status);
        Assert.Equal([key.Id], (await client.Tenants.ListKeysAsync(tenant.Id)).Items.Select(item => item.Id));
        await client.Tenants.RemoveKeyAsync(tenant.Id, key.Id);

        var token = await client.Tokens.CreateAsync(new TokenRequest { TtlSeconds = 60, Label = "a&b=ü", Scopes = new TokenScopes { MaxAllocations = 3 } });
        Assert.Equal((60, "local"), (token.TtlSeconds, token.Region));
        Assert.Contains(token.IceServers, server => server.Credential == token.Credential);
        await client.Tokens.RevokeAsync(token.Id);
        await client.Tokens.RevokeLabelAsync("a&b=ü");
        await client.Tenants.RotateSigningKeyAsync(tenant.Id);

        var steady = new Nat(Mapping: "endpoint-independent");
        var made = await client.Sessions.CreateAsync(new SessionRequest(
            [new EndpointRequest("alice", "192.0.2.1", Nat: steady), new EndpointRequest("bob", "192.0.2.2", Nat: steady)], new Dictionary<string, string> { ["call"] = "1" }));
        var session = await client.Sessions.GetAsync(made.Id);
        Assert.Equal(("created", "stun", "1", steady), (session.State, session.Decision.Mode, session.Metadata["call"], session.Endpoints[0].Nat));
        Assert.Equal("created", (await client.Sessions.GetTimelineAsync(made.Id))[0].Event);
        Assert.Equal(1, (await client.Sessions.GetUsageAsync(made.Id)).Totals.Sessions);
        await client.Sessions.EndAsync(made.Id);
        Assert.Equal("ended", (await client.Sessions.GetAsync(made.Id)).State);

        Assert.Empty((await client.Allocations.ListAsync()).Items);
        var rows = new List<UsageRow>();
        await foreach (var row in client.Usage.GetAsync(new UsageQuery { Granularity = "month", GroupBy = ["session", "region"] }))
            rows.Add(row);
        Assert.Equal(1, rows.Where(row => row.Session == made.Id).Sum(row => row.Sessions));
        var ledger = new List<LedgerRow>();
        await foreach (var row in platform.Usage.ExportAsync())
            ledger.Add(row);
        Assert.Equal(ledger.Select(row => row.Cursor).Order(), ledger.Select(row => row.Cursor));
        Assert.Contains(tenant.Id, (await AllAsync(platform)).Select(item => item.Id));
    }

    [Fact]
    public async Task Configuration_is_replaced_only_in_the_version_that_was_read()
    {
        var tenant = await real.Gateway.NewTenantAsync();
        using var client = new NetDiscoveryClient(real.Gateway.BaseAddress, Credentials.Tenant(tenant.Id, tenant.AuthToken));
        var read = await client.Tenants.GetDiscoveryAsync(tenant.Id);
        var stored = await client.Tenants.PutDiscoveryAsync(tenant.Id, new JsonObject { ["decision"] = "relay-only" }, read.ETag);

        var refusal = await Assert.ThrowsAsync<NetDiscoveryException>(() => client.Tenants.PutDiscoveryAsync(tenant.Id, new JsonObject { ["decision"] = "direct" }, read.ETag));

        Assert.Equal(("version_conflict", HttpStatusCode.PreconditionFailed), (refusal.Code, refusal.Status));
        Assert.NotEqual(read.ETag, stored.ETag);
        Assert.Equal("relay-only", (string?)(await client.Tenants.GetDiscoveryAsync(tenant.Id)).Configuration["decision"]);
    }

    [Fact]
    public async Task A_refusal_says_what_is_wrong_and_names_the_fields()
    {
        var tenant = await real.Gateway.NewTenantAsync();
        using var client = new NetDiscoveryClient(real.Gateway.BaseAddress, Credentials.Tenant(tenant.Id, tenant.AuthToken));
        var refusal = await Assert.ThrowsAsync<NetDiscoveryException>(() => client.Sessions.CreateAsync(SessionRequest.Of("alice", "alice")));

        Assert.Equal("validation_failed", refusal.Code);
        Assert.Equal(["endpoints[1].name"], refusal.Errors.Keys);
        Assert.Contains("endpoints[1].name must not repeat the name of another endpoint", refusal.Message, StringComparison.Ordinal);

        using var stranger = new NetDiscoveryClient(real.Gateway.BaseAddress, Credentials.Tenant(tenant.Id, "wrong"));
        Assert.Equal("unauthenticated", (await Assert.ThrowsAsync<NetDiscoveryException>(() => stranger.Tokens.CreateAsync())).Code);
    }

    [Fact]
    public async Task A_passing_failure_is_repeated_with_the_same_idempotency_key()
    {
        var keys = new List<string?>();
        await using var server = await TenantServer.StartAsync(async (_, context) =>
        {
            keys.Add(context.Request.Headers["Idempotency-Key"]);
            context.Response.StatusCode = keys.Count < 3 ? 503 : 201;
            await context.Response.WriteAsJsonAsync(new { id = "TK1", username = "u", credential = "c", iceServers = Array.Empty<object>() });
        });
        using var client = new NetDiscoveryClient(new Uri(server.Url), Credentials.Operator("k"), Quick);

        Assert.Equal("TK1", (await client.Tokens.CreateAsync()).Id);
        Assert.Equal(3, keys.Count);
        Assert.NotNull(Assert.Single(keys.Distinct()));
    }

    [Fact]
    public async Task A_lasting_refusal_is_not_repeated()
    {
        await using var server = await TenantServer.StartAsync((_, context) =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        using var client = new NetDiscoveryClient(new Uri(server.Url), Credentials.Operator("k"), Quick);

        Assert.Equal("unknown", (await Assert.ThrowsAsync<NetDiscoveryException>(() => client.Tokens.CreateAsync())).Code);
        Assert.Single(server.Asked);
    }

    [Fact]
    public async Task A_gateway_that_is_not_there_is_named()
    {
        using var client = new NetDiscoveryClient(new Uri("http://127.0.0.1:1"), Credentials.Operator("k"), Quick);
        var refusal = await Assert.ThrowsAsync<NetDiscoveryException>(() => client.Tokens.CreateAsync());
        Assert.Equal("unreachable", refusal.Code);
        Assert.Contains("http://127.0.0.1:1", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_are_not_in_the_text_form_of_anything()
    {
        object[] holders =
        [
            Credentials.Tenant("AC1", "s3cret"), Credentials.Operator("s3cret"), new Token("TK1", "s3cret", "s3cret", 1, default, "", "", [new IceServer(["turn:h"], "s3cret", "s3cret")]),
            new IceServer(["turn:h"], "s3cret", "s3cret"), new Invitation("alice", "s3cret", []), new CreatedTenant("AC1", "n", "active", null, default, "s3cret"), new CreatedApiKey("SK1", "n", default, "s3cret"),
        ];
        Assert.All(holders, holder => Assert.DoesNotContain("s3cret", holder.ToString(), StringComparison.Ordinal));
    }

    private static async Task<List<Tenant>> AllAsync(NetDiscoveryClient client)
    {
        var all = new List<Tenant>();
        string? after = null;
        do
        {
            var page = await client.Tenants.ListAsync(after);
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return all;
    }
}
