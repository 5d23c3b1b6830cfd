using System.Net.Http.Json;
using System.Text.Json;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>Two regions on this machine and the wires between them; tenants are written in the first.</summary>
public sealed class TwoRegions : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private IRegionNetwork _network = null!;

    internal RegionStack Eu { get; private set; } = null!;

    internal RegionStack Us { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var (euPort, usPort) = (FreePort.Tcp(), FreePort.Tcp());
        _network = Environment.GetEnvironmentVariable("REGIONS_IN_NAMESPACES") is null ? new LoopbackNetwork(euPort, usPort) : new NamespaceNetwork(euPort, usPort);
        Eu = new RegionStack("eu-1", "eu-1", euPort, "us-1", _network.UrlOf("us-1"), _network.PlaceOf("eu-1"));
        Us = new RegionStack("us-1", "eu-1", usPort, "eu-1", _network.UrlOf("eu-1"), _network.PlaceOf("us-1"));
        try
        {
            await Task.WhenAll(Eu.ReadyAsync(), Us.ReadyAsync());
            await WholeAsync();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Us.DisposeAsync();
        await Eu.DisposeAsync();
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
        foreach (var region in (RegionStack[])[Eu, Us])
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
