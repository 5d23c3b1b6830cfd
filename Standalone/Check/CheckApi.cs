using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Standalone.Check;

/// <summary>The HTTP API as a tenant's server uses it.</summary>
public sealed class CheckApi : IDisposable
{
    private static readonly TimeSpan RelayLimit = TimeSpan.FromSeconds(10), UsageLimit = TimeSpan.FromSeconds(30), Pause = TimeSpan.FromMilliseconds(200);
    private readonly HttpClient _http;

    /// <summary>Talks to <paramref name="url"/> as <paramref name="tenant"/>.</summary>
    public CheckApi(Uri url, string tenant, string token)
    {
        Tenant = tenant;
        _http = new HttpClient { BaseAddress = url };
        _http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{tenant}:{token}")));
    }

    /// <summary>The tenant's (or API key's) id.</summary>
    public string Tenant { get; }

    /// <summary>Makes a token; waits a little for the first relay of an instance that has just started.</summary>
    public async Task<CheckToken> MintAsync(string label)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            using var body = new StringContent(JsonSerializer.Serialize(new { label }), Encoding.UTF8, "application/json");
            using var response = await _http.PostAsync("/v1/tokens", body);
            var text = await response.Content.ReadAsStringAsync();
            if (response.IsSuccessStatusCode)
            {
                return CheckToken.Parse(text);
            }

            if (response.StatusCode != HttpStatusCode.ServiceUnavailable || waited.Elapsed > RelayLimit)
            {
                throw new StartupException($"POST /v1/tokens answered {(int)response.StatusCode}: {text}");
            }

            await Task.Delay(Pause);
        }
    }

    /// <summary>Reads the usage of a label until it is as expected, or the time is up; returns what was read last.</summary>
    public async Task<(Traffic ToPeers, Traffic FromPeers)> UsageUntilAsync(string label, Func<(Traffic ToPeers, Traffic FromPeers), bool> expected)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var usage = await UsageAsync(label);
            if (expected(usage) || waited.Elapsed > UsageLimit)
            {
                return usage;
            }

            await Task.Delay(Pause);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<(Traffic ToPeers, Traffic FromPeers)> UsageAsync(string label)
    {
        using var document = JsonDocument.Parse(await _http.GetStringAsync("/v1/usage?groupBy=label"));
        Traffic toPeers = default, fromPeers = default;
        foreach (var item in document.RootElement.GetProperty("items").EnumerateArray().Where(item => item.GetProperty("label").GetString() == label))
        {
            toPeers += new Traffic(item.GetProperty("packetsToPeer").GetInt64(), item.GetProperty("bytesToPeer").GetInt64());
            fromPeers += new Traffic(item.GetProperty("packetsFromPeer").GetInt64(), item.GetProperty("bytesFromPeer").GetInt64());
        }

        return (toPeers, fromPeers);
    }
}
