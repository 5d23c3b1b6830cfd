using System.Text.Json;
using NetDiscovery.Relay.Client;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd;

/// <summary>The vendors' own client libraries against the platform, and what they minted against the relay.</summary>
public sealed class DropInApiTests(StandaloneTests.Running running) : IClassFixture<StandaloneTests.Running>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    [Fact]
    public async Task Clients_of_other_services_work_unmodified_and_what_they_mint_relays_and_is_metered()
    {
        var (account, authToken) = await NewTenantAsync();
        var (exitCode, output) = await ScriptAsync(account, authToken);
        Assert.True(exitCode == 0, output);
        using var credentials = JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]);

        await using var peer = new EchoPeer();
        foreach (var vendor in (string[])["twilio", "cloudflare", "metered", "meteredForEver", "rest"])
        {
            await using var call = await EchoCall.OpenAsync(running.Instance.RelayPort, TokenOf(credentials, vendor), peer);
            await call.ExchangeAsync(50, 500);
        }

        // The credentials that were revoked through Cloudflare's API, and disabled through Metered's, open nothing.
        foreach (var ended in (string[])["revoked", "disabled"])
        {
            await Eventually.EventuallyAsync(() => IsRefusedAsync(TokenOf(credentials, ended), peer), TimeSpan.FromSeconds(60), $"the relay has heard that '{ended}' has ended");
        }

        using var tenant = running.Instance.TenantClient(account, authToken);
        var (bytes, usage) = (0L, "");
        await Eventually.EventuallyAsync(
            async () =>
            {
                var seen = new[] { await tenant.UsageAsync(""), await tenant.UsageAsync("user4523958"), await tenant.UsageAsync("metered-user"), await tenant.UsageAsync("metered-device"), await tenant.UsageAsync("rest-user") };
                if (seen.Sum(one => one.BytesToPeer) != peer.BytesReceived)
                {
                    return false;
                }

                bytes = seen.Sum(one => one.BytesFromClient + one.BytesToClient);
                (exitCode, usage) = await ScriptAsync(account, authToken, $"{bytes}");
                return exitCode == 0;
            },
            TimeSpan.FromSeconds(120), "Twilio's usage record is what the TURN clients sent and received");
        Assert.True(bytes > 2 * 50 * 2 * 500, $"{bytes} bytes, record {usage}");
    }

    private async Task<bool> IsRefusedAsync(Token token, EchoPeer peer)
    {
        try
        {
            await using var call = await EchoCall.OpenAsync(running.Instance.RelayPort, token, peer);
            await call.CloseAsync();
            return false;
        }
        catch (StunErrorException)
        {
            return true;
        }
    }

    private async Task<(string Account, string AuthToken)> NewTenantAsync()
    {
        using var operatorClient = running.Instance.OperatorClient();
        using var response = await operatorClient.PostAsync("/v1/tenants", new StringContent("""{"name":"conformance"}""", System.Text.Encoding.UTF8, "application/json"));
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (body.RootElement.GetProperty("id").GetString()!, body.RootElement.GetProperty("authToken").GetString()!);
    }

    private Task<(int ExitCode, string Output)> ScriptAsync(params string[] arguments) => CommandLine.RunAsync(
        "node", [Path.GetFullPath(BrowserFolder.File("../../Interop/apis/conformance.mjs")), $"{running.Instance.Url}".TrimEnd('/'), .. arguments], Limit);

    private static Token TokenOf(JsonDocument credentials, string name)
    {
        var made = credentials.RootElement.GetProperty(name);
        return new Token(name, made.GetProperty("username").GetString()!, made.GetProperty("credential").GetString()!, []);
    }
}
