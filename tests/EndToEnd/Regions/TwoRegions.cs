using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>Two regions on this machine and the wires between them; tenants are written in the first.</summary>
public sealed class TwoRegions : IAsyncLifetime
{
    private const string EuAddresses = "198.51.100.0/24";
    private const string UsAddresses = "203.0.113.0/24";
    private const string Secret = "a-secret-between-the-regions-0123456789";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private IRegionNetwork _network = null!;

    internal IRegion Eu { get; private set; } = null!;

    internal IRegion Us { get; private set; } = null!;

    /// <summary>An address that clients and peers of the tests have.</summary>
    internal IPAddress Here => _network.Here;

    public async ValueTask InitializeAsync()
    {
        var (euPort, usPort) = (FreePort.Tcp(), FreePort.Tcp());
        _network = Environment.GetEnvironmentVariable("REGIONS_IN_NAMESPACES") is null ? new LoopbackNetwork(euPort, usPort) : new NamespaceNetwork(euPort, usPort);
        var (eu, us) = (_network.StartAsync("eu-1", euPort, Settings("eu-1", peer: "us-1")), _network.StartAsync("us-1", usPort, Settings("us-1", peer: "eu-1")));
        try
        {
            await Task.WhenAll(eu, us);
            (Eu, Us) = (await eu, await us);
            await WholeAsync();
        }
        catch
        {
            // One may be up, and would take the machine from every test after.
            foreach (var started in (Task<IRegion>[])[eu, us])
            {
                if (started.IsCompletedSuccessfully)
                {
                    await (await started).DisposeAsync();
                }
            }

            (Eu, Us) = (null!, null!);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var region in (IRegion?[])[Us, Eu])
        {
            if (region is not null)
            {
                await region.DisposeAsync();
            }
        }

        await _network.DisposeAsync();
    }

    /// <summary>A peer that clients of both regions can reach.</summary>
    internal EchoPeer NewPeer() => new(_network.Here);

    /// <summary>Neither region reaches the other.</summary>
    public Task PartAsync() => _network.PartAsync();

    /// <summary>Both reach each other; returns when both have noticed.</summary>
    public async Task HealAsync()
    {
        await _network.MendAsync();
        await WholeAsync();
    }

    /// <summary>Returns when each region knows that both can take clients.</summary>
    public async Task WholeAsync()
    {
        foreach (var region in (IRegion[])[Eu, Us])
        {
            using var operators = region.Operator();
            await UntilAsync(
                async () =>
                {
                    using var document = await JsonAsync(await operators.GetAsync("/v1/regions"));
                    return document.RootElement.GetProperty("items").EnumerateArray().Count(item => item.GetProperty("healthy").GetBoolean()) == 2;
                },
                () => $"{region.Name} knows that both regions can take clients:\n{Eu.Output}\n{Us.Output}");
        }
    }

    /// <summary>A tenant as a client of each region, known in both.</summary>
    public async Task<(HttpClient AtEu, HttpClient AtUs, string Id)> NewTenantAsync(object? discovery = null)
    {
        using var operators = Eu.Operator();
        using var document = await JsonAsync(await operators.PostAsJsonAsync("/v1/tenants", new { name = "tests" }));
        var (id, secret) = (document.RootElement.GetProperty("id").GetString()!, document.RootElement.GetProperty("authToken").GetString()!);
        var (eu, us) = (Eu.Tenant(id, secret), Us.Tenant(id, secret));
        if (discovery is not null)
        {
            using var changed = await JsonAsync(await eu.PutAsJsonAsync($"/v1/tenants/{id}/discovery", discovery));
        }

        // As the operator: a tenant that is not known yet soon has no more attempts.
        using var elsewhere = Us.Operator();
        await UntilAsync(
            async () =>
            {
                using var answer = await elsewhere.GetAsync($"/v1/tenants/{id}/discovery");
                return answer.IsSuccessStatusCode && (discovery is null || answer.Headers.ETag?.Tag == "\"2\"");
            },
            () => $"us-1 knows the tenant:\n{Us.Output}");
        return (eu, us, id);
    }

    /// <summary>A token for a region's relays.</summary>
    internal static async Task<Token> MintAsync(HttpClient tenant, string region, string label)
    {
        using var response = await tenant.PostAsJsonAsync("/v1/tokens", new { region, label });
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<Token>())!;
    }

    internal static async Task UntilAsync(Func<Task<bool>> condition, Func<string> missing)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            Assert.False(limit.IsCancellationRequested, $"Still waiting: {missing()}");
            await Task.Delay(100);
        }
    }

    private string[] Settings(string name, string peer) =>
    [
        $"--Region:Name={name}", "--Region:Control=eu-1", $"--Region:Secrets:0={Secret}", $"--Region:Peers:0:Name={peer}", $"--Region:Peers:0:Url={_network.UrlOf(peer)}",
        $"--Region:Map:0:Match={EuAddresses}", "--Region:Map:0:Region=eu-1", $"--Region:Map:1:Match={UsAddresses}", "--Region:Map:1:Region=us-1", "--Region:AllowInsecureLinks=true",
    ];

    private static async Task<JsonDocument> JsonAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.IsSuccessStatusCode, text);
            return JsonDocument.Parse(text);
        }
    }
}
