using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>A region of two relays, two silos and two gateways that tests share, one after another.</summary>
public sealed class RunningRegion : IAsyncLifetime
{
    internal ChaosRegion Region { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Region = await ChaosRegion.StartAsync(relays: 2, silos: 2, gatewayPorts: [FreePort.Tcp(), FreePort.Tcp()]);

    public async ValueTask DisposeAsync()
    {
        // Null when it did not come up; then it has ended itself.
        if (Region is { } region)
        {
            await region.DisposeAsync();
        }
    }

    /// <summary>Runs <paramref name="test"/> with a tenant's calls, then deletes their allocations and compares what was counted with the ledger.</summary>
    /// <param name="count">How many calls.</param>
    /// <param name="test">What happens to them.</param>
    /// <param name="relays">How many relays they are spread over.</param>
    internal async Task WithCallsAsync(int count, Func<HttpClient, List<ChaosCall>, Task> test, int relays = 1)
    {
        await Region.ReadyAsync();
        using var tenant = await Region.NewTenantAsync();
        await WithCallsAsync(tenant, Enumerable.Range(0, count).Select(i => ChaosCall.StartAsync(tenant, Region.RelayAddresses[i % relays])), async calls =>
        {
            await test(tenant, calls);
            await Region.ReadyAsync();
        });
    }

    /// <summary>Runs <paramref name="test"/> with calls, then deletes their allocations and compares what was counted with the ledger.</summary>
    /// <param name="tenant">Whose calls they are, all of them.</param>
    /// <param name="starting">Each begins when it is its turn.</param>
    /// <param name="test">What happens to them.</param>
    internal static async Task WithCallsAsync(HttpClient tenant, IEnumerable<Task<ChaosCall>> starting, Func<List<ChaosCall>, Task> test)
    {
        var calls = new List<ChaosCall>();
        try
        {
            foreach (var call in starting)
            {
                calls.Add(await call);
            }

            await test(calls);
            await Task.WhenAll(calls.Select(call => call.QuietAsync()));
            await Task.WhenAll(calls.Select(call => call.CloseAsync()));
            Assert.All(calls, call => Assert.Null(call.Lost));
            await Conservation.AssertAsync(tenant, calls);
        }
        finally
        {
            foreach (var call in calls)
            {
                await call.DisposeAsync();
            }
        }
    }

    /// <summary>Sends from all calls until <paramref name="during"/> is done, and for half a second before and after.</summary>
    /// <returns>Datagrams sent, those that did not come back, and the longest time without an echo.</returns>
    internal static async Task<(long Sent, long Lost, TimeSpan LongestGap)> SendAsync(List<ChaosCall> calls, Func<Task> during)
    {
        var (sent, back) = (calls.Sum(call => call.DatagramsSent), calls.Sum(call => call.Echoes));
        calls.ForEach(call => call.LongestGap = default);
        using var enough = new CancellationTokenSource();
        var sending = Task.WhenAll(calls.Select(call => call.SendUntilAsync(enough.Token)));
        await Task.Delay(500);
        await during();
        await Task.Delay(500);
        await enough.CancelAsync();
        await sending;
        sent = calls.Sum(call => call.DatagramsSent) - sent;

        // Late on a busy machine is not lost.
        for (var quiet = 0; quiet < 300 && calls.Sum(call => call.Echoes) - back < sent; quiet++)
        {
            await Task.Delay(100);
        }

        return (sent, sent - (calls.Sum(call => call.Echoes) - back), calls.Max(call => call.LongestGap));
    }
}
