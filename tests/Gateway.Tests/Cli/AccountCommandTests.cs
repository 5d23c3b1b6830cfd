using NetDiscovery.Cli;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Cli;

/// <summary><c>tenants</c>, <c>keys</c>, <c>discovery</c>, <c>tokens</c>.</summary>
public sealed class AccountCommandTests(RealGateway real)
{
    private Shell Operator => Shell.Operator(real.Gateway.BaseAddress);

    [Fact]
    public async Task Tenant_is_made_listed_suspended_activated_and_closed()
    {
        var made = await Operator.ReadAsync("tenants", "create", "From the shell");
        var id = (string)made["id"]!;
        var child = await Operator.ReadAsync("tenants", "create", "Below", "--parent", id);

        Assert.NotEqual("", (string?)made["authToken"]);
        Assert.Equal(id, (string?)(await Operator.ReadAsync("tenants", "show", (string)child["id"]!))["parent"]);
        Assert.Equal([(string)child["id"]!], (await Operator.ReadAsync("tenants", "list", "--parent", id))["items"]!.AsArray().Select(item => (string)item!["id"]!));
        (await Operator.RunAsync("tenants", "list")).Expect(ExitCodes.Ok).Says(id).Says("From the shell");

        (await Operator.RunAsync("tenants", "suspend", id)).Expect(ExitCodes.Ok).Says("is suspended");
        (await Operator.RunAsync("tenants", "activate", id)).Expect(ExitCodes.Ok).Says("is active");
        (await Operator.RunAsync("tenants", "close", id, "--yes")).Expect(ExitCodes.Ok).Says("is closed");
        (await Operator.RunAsync("tenants", "activate", id)).Expect(ExitCodes.Refused).Explains("closed_is_final");
    }

    [Fact]
    public async Task Closing_is_not_done_unasked()
    {
        var tenant = await real.Gateway.NewTenantAsync();

        (await Operator.RunAsync("tenants", "close", tenant.Id)).Expect(ExitCodes.Usage).Explains("--yes");

        Assert.Equal("active", (string?)(await Operator.ReadAsync("tenants", "show", tenant.Id))["status"]);
    }

    [Fact]
    public async Task Key_is_made_used_listed_and_removed()
    {
        var tenant = await real.Gateway.NewTenantAsync();
        var key = await Operator.ReadAsync("keys", "create", tenant.Id, "ci");
        var id = (string)key["id"]!;
        var byKey = Shell.Of(real.Gateway.BaseAddress, tenant with { Id = id, AuthToken = (string)key["secret"]! });

        (await byKey.RunAsync("tenants", "show", tenant.Id)).Expect(ExitCodes.Ok).Says(tenant.Id);
        (await Operator.RunAsync("keys", "list", tenant.Id)).Expect(ExitCodes.Ok).Says(id);
        (await Operator.RunAsync("keys", "rotate-signing-key", tenant.Id)).Expect(ExitCodes.Ok);
        (await Operator.RunAsync("keys", "remove", tenant.Id, id)).Expect(ExitCodes.Ok);

        (await Operator.RunAsync("keys", "list", tenant.Id)).Expect(ExitCodes.Ok).Says("No API keys.");
    }

    [Fact]
    public async Task Changes_of_an_account_are_listed_with_who_made_them()
    {
        var tenant = await real.Gateway.NewTenantAsync();
        var key = await Operator.ReadAsync("keys", "create", tenant.Id, "ci");
        var own = Shell.Of(real.Gateway.BaseAddress, tenant);

        (await own.RunAsync("audit")).Expect(ExitCodes.Ok).Says("key.created").Says((string)key["id"]!).Says("operator").Says("127.0.0.1");
        var items = (await Operator.ReadAsync("audit", "--tenant", tenant.Id, "--action", "tenant.created", "--from", "2020-01-01T00:00:00Z"))["items"]!.AsArray();
        Assert.Equal(["tenant.created"], items.Select(item => (string?)item!["action"]));
        (await own.RunAsync("audit", "--to", "2020-01-01T00:00:00Z")).Expect(ExitCodes.Ok).Says("No changes.");
    }

    [Fact]
    public async Task Configuration_is_read_changed_and_replaced_in_one_version_only()
    {
        var tenant = await real.Gateway.NewTenantAsync();
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "discovery.json");
        var read = (await Operator.RunAsync("discovery", "get", tenant.Id)).Expect(ExitCodes.Ok);
        var version = read.Error.Trim()["version ".Length..];
        await File.WriteAllTextAsync(file, read.Output.Replace("\"prefer-direct\"", "\"relay-only\"", StringComparison.Ordinal));

        (await Operator.RunAsync("discovery", "set", tenant.Id, file, "--if-version", version)).Expect(ExitCodes.Ok).Says("relay-only");
        (await Operator.RunAsync("discovery", "set", tenant.Id, file, "--if-version", version)).Expect(ExitCodes.Refused).Explains("version_conflict");

        Assert.Equal("relay-only", (string?)(await Operator.ReadAsync("discovery", "get", tenant.Id))["decision"]);
        await File.WriteAllTextAsync(file, "not json");
        (await Operator.RunAsync("discovery", "set", tenant.Id, file)).Expect(ExitCodes.Usage).Explains("discovery.json");
    }

    [Fact]
    public async Task Token_is_minted_for_a_tenant_and_revoked()
    {
        var tenant = await real.Gateway.NewTenantAsync();
        var own = Shell.Of(real.Gateway.BaseAddress, tenant);

        var token = await Operator.ReadAsync("tokens", "mint", "--tenant", tenant.Id, "--ttl", "60", "--label", "kiosk", "--max-allocations", "2", "--peer", "198.51.100.0/24");
        Assert.Equal(60, (int)token["ttlSeconds"]!);
        Assert.NotEmpty(token["iceServers"]!.AsArray());
        (await own.RunAsync("tokens", "mint")).Expect(ExitCodes.Ok).Says("CREDENTIAL").Says("turn:");
        (await own.RunAsync("tokens", "mint", "--ttl", "0")).Expect(ExitCodes.Refused).Explains("ttlSeconds");

        (await own.RunAsync("tokens", "revoke", (string)token["id"]!)).Expect(ExitCodes.Ok).Says("is revoked");
        (await own.RunAsync("tokens", "revoke", "--label", "kiosk")).Expect(ExitCodes.Ok).Says("kiosk");
        (await own.RunAsync("tokens", "revoke")).Expect(ExitCodes.Usage).Explains("--label");
    }
}
