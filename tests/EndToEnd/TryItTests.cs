using System.Net.Http.Json;
using System.Text.Json;

namespace NetDiscovery.EndToEnd;

/// <summary>The try-it page and the JavaScript SDK in a real browser, one tab at each end.</summary>
public sealed class TryItTests(StandaloneTests.Running running) : IClassFixture<StandaloneTests.Running>
{
    [Theory]
    [InlineData("direct", "stun", "direct")]
    [InlineData("relay-only", "turn", "relay")]
    public async Task Two_tabs_make_a_call_on_the_path_the_tenant_asks_for(string policy, string mode, string path) => await CallAsync(policy, mode, path);

    [Fact]
    public async Task A_first_negotiation_that_hangs_is_begun_anew()
    {
        var shown = await CallAsync("direct", "stun", "direct", hangs: true);
        Assert.Contains("peer connections are made anew", shown, StringComparison.Ordinal);
    }

    /// <returns>What both pages have shown.</returns>
    private async Task<string> CallAsync(string policy, string mode, string path, bool hangs = false)
    {
        using var parent = running.Instance.TenantClient();
        using var made = await parent.PostAsJsonAsync("/v1/tenants", new { name = $"try {policy}" });
        using var tenant = JsonDocument.Parse(await made.Content.ReadAsStringAsync());
        var (id, token) = (tenant.RootElement.GetProperty("id").GetString()!, tenant.RootElement.GetProperty("authToken").GetString()!);
        using var put = await parent.PutAsJsonAsync($"/v1/tenants/{id}/discovery", new { decision = policy });
        put.EnsureSuccessStatusCode();

        var input = JsonSerializer.Serialize(
            new { url = running.Instance.Url.ToString().TrimEnd('/'), account = id, secret = token, screenshot = hangs ? null : Environment.GetEnvironmentVariable("SCREENSHOTS"), hangs }, JsonSerializerOptions.Web);
        var (exitCode, output) = await CommandLine.RunAsync("node", [BrowserFolder.File("try-call.mjs")], TimeSpan.FromSeconds(hangs ? 300 : 180), input: input);

        Assert.True(exitCode == 0, output);
        using var result = JsonDocument.Parse(output);
        foreach (var end in (string[])["alice", "bob"])
        {
            var shown = result.RootElement.GetProperty(end);
            Assert.Equal((mode, path), (shown.GetProperty("mode").GetString(), shown.GetProperty("path").GetString()));
            Assert.Equal("", shown.GetProperty("problem").GetString());
        }

        using var usage = JsonDocument.Parse(await parent.GetStringAsync($"/v1/usage?tenant={id}&granularity=month"));
        var relayed = usage.RootElement.GetProperty("items").EnumerateArray().Sum(row => row.GetProperty("bytesToPeer").GetInt64());
        Assert.True(policy == "direct" ? relayed == 0 : relayed >= 0, $"{relayed} bytes were relayed");
        return output;
    }
}
