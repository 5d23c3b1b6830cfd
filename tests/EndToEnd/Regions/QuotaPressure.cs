using System.Globalization;
using NetDiscovery.EndToEnd.Chaos;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>Two tenants that want more than they may in both regions at once: one more allocations, one more bytes.</summary>
internal sealed class QuotaPressure : IAsyncDisposable
{
    // Less than what runs at once would take.
    private const int Places = 4, ChurnsPerRegion = 4;
    private const long BytesPerMonth = 400_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly AliveCount _alive = new();
    private readonly List<Churn> _churns = [], _spenders = [];
    private readonly CancellationTokenSource _enough = new();
    private readonly HttpClient _limited, _capped;
    private readonly Task _running;

    private QuotaPressure(TwoRegions regions, (HttpClient AtEu, HttpClient AtUs, string Id) limited, (HttpClient AtEu, HttpClient AtUs, string Id) capped)
    {
        (_limited, _capped) = (limited.AtEu, capped.AtEu);
        foreach (var (region, wantsPlaces, wantsBytes) in ((IRegion, HttpClient, HttpClient)[])[(regions.Eu, limited.AtEu, capped.AtEu), (regions.Us, limited.AtUs, capped.AtUs)])
        {
            _churns.AddRange(Enumerable.Range(0, ChurnsPerRegion).Select(i => new Churn(wantsPlaces, region.Relays[i % region.Relays.Count], new Random(i), _alive, regions.Here)));
            _spenders.Add(new Churn(wantsBytes, region.Relays[^1], new Random(ChurnsPerRegion), peerAddress: regions.Here));
        }

        _running = Task.WhenAll(_churns.Concat(_spenders).Select(churn => churn.RunAsync(_enough.Token)));
    }

    public static async Task<QuotaPressure> StartAsync(TwoRegions regions) => new(
        regions,
        await regions.NewTenantAsync(new { quotas = new { concurrentAllocations = Places } }),
        await regions.NewTenantAsync(new { quotas = new { relayedBytesPerMonth = BytesPerMonth } }));

    /// <summary>Ends it when the quota of allocations has been reached, and fails when one was exceeded or the ledger has another sum than clients and peers.</summary>
    public async Task EndAsync()
    {
        await Eventually.EventuallyAsync(() => _churns.Any(churn => churn.QuotaReached > 0), Patience, $"the quota of {Places} allocations is reached");
        await _enough.CancelAsync();
        await _running;
        await Conservation.AssertAsync(_limited, [.. _churns.SelectMany(churn => churn.Calls)]);
        await Conservation.AssertAsync(_capped, [.. _spenders.SelectMany(churn => churn.Calls)]);
        var billed = await Conservation.RelayedAsync(_capped);
        ChaosReport.Write(string.Create(CultureInfo.InvariantCulture, $"""
            quota of {Places} allocations in both regions: at most {_alive.Most} alive at once, {_churns.Sum(churn => churn.QuotaReached)} × 486
            quota of {BytesPerMonth} relayed bytes in both regions: {billed} billed, {_spenders.Sum(churn => churn.QuotaReached)} × 486

            """));
        Assert.InRange(_alive.Most, 1, Places);
        Assert.InRange(billed, 1, BytesPerMonth);
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var call in _churns.Concat(_spenders).SelectMany(churn => churn.Calls))
        {
            await call.DisposeAsync();
        }

        _enough.Dispose();
    }
}
