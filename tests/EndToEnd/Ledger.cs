using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace NetDiscovery.EndToEnd;

/// <summary>What a billing job sees of one credential label.</summary>
internal readonly record struct LedgerTotals(long Allocations, long BytesFromClient, long BytesToClient, long BytesToPeer, long BytesFromPeer, long PacketsToPeer, long PacketsFromPeer);

/// <summary>Reads usage and mints tokens through the HTTP API, as an outsider does.</summary>
internal static class Ledger
{
    private static readonly TimeSpan ReportLimit = TimeSpan.FromSeconds(120);

    /// <summary>A token as <c>POST /v1/tokens</c> answers.</summary>
    public static async Task<Token> MintAsync(this HttpClient tenant, string label)
    {
        using var response = await tenant.PostAsJsonAsync("/v1/tokens", new { label });
        Assert.True(response.IsSuccessStatusCode, $"POST /v1/tokens answered {response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        return (await response.Content.ReadFromJsonAsync<Token>())!;
    }

    /// <summary>Sum of all usage rows of <paramref name="label"/>; a 503 while the cluster comes back is asked again.</summary>
    public static async Task<LedgerTotals> UsageAsync(this HttpClient tenant, string label)
    {
        var waited = Stopwatch.StartNew();
        HttpResponseMessage response;
        while ((response = await tenant.GetAsync("/v1/usage?groupBy=label")).StatusCode == HttpStatusCode.ServiceUnavailable && waited.Elapsed < ReportLimit)
        {
            response.Dispose();
            await Task.Delay(200);
        }

        using var _ = response;
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"GET /v1/usage answered {response.StatusCode}: {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.GetProperty("items").EnumerateArray()
            .Where(item => item.GetProperty("label").GetString() == label)
            .Aggregate(default(LedgerTotals), (sum, item) => new LedgerTotals(
                sum.Allocations + Number(item, "allocations"),
                sum.BytesFromClient + Number(item, "bytesFromClient"),
                sum.BytesToClient + Number(item, "bytesToClient"),
                sum.BytesToPeer + Number(item, "bytesToPeer"),
                sum.BytesFromPeer + Number(item, "bytesFromPeer"),
                sum.PacketsToPeer + Number(item, "packetsToPeer"),
                sum.PacketsFromPeer + Number(item, "packetsFromPeer")));
    }

    /// <summary>Polls until the usage of <paramref name="label"/> satisfies <paramref name="expected"/>; fails with the last figures seen.</summary>
    public static async Task<LedgerTotals> UsageUntilAsync(this HttpClient tenant, string label, Func<LedgerTotals, bool> expected, Func<string> wanted)
    {
        var waited = Stopwatch.StartNew();
        LedgerTotals seen;
        do
        {
            seen = await tenant.UsageAsync(label);
            if (expected(seen))
            {
                return seen;
            }

            await Task.Delay(200);
        }
        while (waited.Elapsed < ReportLimit);
        Assert.Fail($"The ledger of '{label}' says {seen}; the peers counted {wanted()}.");
        return seen;
    }

    private static long Number(JsonElement item, string name) => item.GetProperty(name).GetInt64();
}

internal sealed record Token(string Id, string Username, string Credential, IceServer[] IceServers);

internal sealed record IceServer(string[] Urls, string? Username, string? Credential);
