using System.Text.Json;

namespace NetDiscovery.EndToEnd;

/// <summary>A real browser on both ends of a relayed call.</summary>
public sealed class BrowserTests(StandaloneTests.Running running) : IClassFixture<StandaloneTests.Running>
{
    private const int Messages = 50;

    [Fact]
    public async Task Two_chromium_tabs_exchange_messages_and_video_through_the_relay_and_usage_equals_the_wire()
    {
        using var tenant = running.Instance.TenantClient();
        var label = $"browser-{Guid.NewGuid():N}";
        await using var wire = new CountingProxy(running.Instance.RelayPort);
        var input = JsonSerializer.Serialize(
            new { url = running.Instance.Url, a = await IceServersAsync(tenant, label, wire), b = await IceServersAsync(tenant, label, wire), messages = Messages },
            JsonSerializerOptions.Web);

        var (exitCode, output) = await CommandLine.RunAsync(
            "node", [BrowserFolder.File("relay-call.mjs")], TimeSpan.FromSeconds(120), input: input);

        Assert.True(exitCode == 0, output);
        using var result = JsonDocument.Parse(output);
        Assert.Equal(
            Enumerable.Range(0, Messages).Select(i => $"echo message {i}"),
            result.RootElement.GetProperty("echoes").EnumerateArray().Select(echo => echo.GetString()));
        Assert.True(result.RootElement.GetProperty("framesDecoded").GetInt32() >= 20, output);
        Assert.All(
            result.RootElement.GetProperty("paths").EnumerateArray().SelectMany(path => path.EnumerateArray()),
            candidateType => Assert.Equal("relay", candidateType.GetString()));
        await tenant.UsageUntilAsync(
            label,
            seen => seen.BytesToPeer == wire.BytesToPeer && seen.BytesFromPeer == wire.BytesFromPeer && seen.BytesToPeer > 0,
            () => $"{wire.BytesToPeer} bytes to peers, {wire.BytesFromPeer} from peers, counted between browser and relay");
    }

    /// <summary>The token's UDP servers, with the counting proxy in the relay's place.</summary>
    private static async Task<object[]> IceServersAsync(HttpClient tenant, string label, CountingProxy wire)
    {
        var token = await tenant.MintAsync(label);
        Assert.Contains(token.IceServers.SelectMany(server => server.Urls), url => url.StartsWith("turn:", StringComparison.Ordinal) && url.EndsWith("?transport=udp", StringComparison.Ordinal));
        return [new { urls = new[] { $"turn:127.0.0.1:{wire.Port}?transport=udp" }, username = token.Username, credential = token.Credential }];
    }
}

/// <summary>The scripts beside this project's source, where their npm packages are installed.</summary>
internal static class BrowserFolder
{
    public static string File(string name, [System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "browser", name);
}
