using System.Diagnostics;
using NetDiscovery.Hostile.Servers;

namespace NetDiscovery.Hostile.Load;

/// <summary>All legitimate clients of a server, sending at their pace from a thread of its own.</summary>
internal sealed class LegitimateLoad : IAsyncDisposable
{
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);
    private readonly List<Flow> flows = [];
    private readonly RoundTrips roundTrips = new();

    /// <summary>The relayed transport addresses.</summary>
    public IEnumerable<TransportAddress> Relayed => flows.Select(flow => flow.Relayed);

    public static async Task<LegitimateLoad> OpenAsync(IServerUnderTest server, int allocations)
    {
        var load = new LegitimateLoad();
        for (var i = 0; i < allocations; i++)
        {
            load.flows.Add(await Flow.OpenAsync(server, i, load.roundTrips));
        }

        return load;
    }

    /// <summary>Relays for so long, and then until nothing arrives any more.</summary>
    public async Task<LossReport> RunAsync(TimeSpan duration, int packetsPerSecond)
    {
        var before = Totals();
        roundTrips.Reset();
        var sending = new Thread(() => Send(duration, packetsPerSecond)) { IsBackground = true, Name = "legitimate clients", Priority = ThreadPriority.AboveNormal };
        var refreshing = RefreshAsync(duration);
        sending.Start();
        while (sending.IsAlive)
        {
            await Task.Delay(50);
        }

        await refreshing;
        for (var (last, since) = (Totals(), Stopwatch.StartNew()); since.Elapsed < Quiet;)
        {
            await Task.Delay(50);
            var now = Totals();
            (last, since) = now == last ? (last, since) : (now, Stopwatch.StartNew());
        }

        var after = Totals();
        return after.Since(before) with { MedianMilliseconds = roundTrips.Quantile(0.5), P99Milliseconds = roundTrips.Quantile(0.99), MaxMilliseconds = roundTrips.Quantile(1) };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var flow in flows)
        {
            await flow.DisposeAsync();
        }
    }

    private LossReport Totals() => new()
    {
        Sent = flows.Sum(flow => (long)flow.Sent),
        AtPeers = flows.Sum(flow => flow.AtPeer.Count),
        AtClients = flows.Sum(flow => flow.AtClient.Count),
        Repeated = flows.Sum(flow => flow.AtPeer.Repeated + flow.AtClient.Repeated),
        Broken = flows.Sum(flow => flow.AtPeer.Broken + flow.AtClient.Broken),
        Refused = flows.Sum(flow => flow.Refused),
    };

    private void Send(TimeSpan duration, int packetsPerSecond)
    {
        // One client after the other, spread evenly over each second.
        var clock = Stopwatch.StartNew();
        var perSecond = (double)packetsPerSecond * flows.Count;
        for (long sent = 0; clock.Elapsed < duration; Thread.Sleep(1))
        {
            for (var due = (long)(clock.Elapsed.TotalSeconds * perSecond); sent < due; sent++)
            {
                flows[(int)(sent % flows.Count)].Send();
            }
        }
    }

    private async Task RefreshAsync(TimeSpan duration)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed + RefreshEvery < duration;)
        {
            await Task.Delay(RefreshEvery);
            await Task.WhenAll(flows.Select(flow => flow.RefreshAsync()));
        }
    }
}
