using System.Net.Http.Json;
using System.Text.Json;

namespace NetDiscovery.EndToEnd;

/// <summary>The JavaScript SDK in Node: its example, one process at each end.</summary>
public sealed class NodeSdkTests(StandaloneTests.Running running) : IClassFixture<StandaloneTests.Running>
{
    [Theory]
    [InlineData("direct", "stun", "direct")]
    [InlineData("relay-only", "turn", "relay")]
    public async Task Two_processes_make_a_call_on_the_path_the_tenant_asks_for(string policy, string mode, string path)
    {
        using var parent = running.Instance.TenantClient();
        using var made = await parent.PostAsJsonAsync("/v1/tenants", new { name = $"node {policy}" });
        using var tenant = JsonDocument.Parse(await made.Content.ReadAsStringAsync());
        var id = tenant.RootElement.GetProperty("id").GetString()!;
        using var put = await parent.PutAsJsonAsync($"/v1/tenants/{id}/discovery", new { decision = policy });
        put.EnsureSuccessStatusCode();
        using var created = await parent.PostAsJsonAsync($"/v1/sessions?tenant={id}", new { endpoints = new[] { new { name = "alice" }, new { name = "bob" } } });
        using var session = JsonDocument.Parse(await created.EnsureSuccessStatusCode().Content.ReadAsStringAsync());

        var sessionId = session.RootElement.GetProperty("id").GetString()!;
        var ends = session.RootElement.GetProperty("endpoints").EnumerateArray().Select(endpoint => endpoint.GetProperty("joinToken").GetString()!).ToArray();
        var calls = await Task.WhenAll(CallAsync(sessionId, ends[0], "hello bob"), CallAsync(sessionId, ends[1], "hello alice"));

        Assert.All(calls, call => Assert.True(call.ExitCode == 0, call.Output));
        var told = calls.Select(call => JsonDocument.Parse(call.Output.Split('\n').Last(line => line.StartsWith('{'))).RootElement).ToArray();
        Assert.All(told, end => Assert.Equal((mode, path), (end.GetProperty("mode").GetString(), end.GetProperty("path").GetString())));
        Assert.Equal(["hello alice", "hello bob"], told.Select(end => end.GetProperty("heard").GetString()));
        if (policy == "direct")
        {
            using var usage = JsonDocument.Parse(await parent.GetStringAsync($"/v1/sessions/{sessionId}/usage"));
            Assert.Equal(0, usage.RootElement.GetProperty("totals").GetProperty("bytesToPeer").GetInt64());
        }
    }

    private Task<(int ExitCode, string Output)> CallAsync(string session, string joinToken, string message) => CommandLine.RunAsync(
        "node", [ExampleFile(), running.Instance.Url.ToString(), session, joinToken, message], TimeSpan.FromSeconds(120));

    private static string ExampleFile([System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "../../sdk/js/example/call.mjs");
}
