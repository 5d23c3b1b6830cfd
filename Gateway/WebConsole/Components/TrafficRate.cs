using NetDiscovery.Gateway.Usage;

namespace NetDiscovery.Gateway.WebConsole.Components;

/// <summary>
/// What flows now, from the ledger's running sums. Relays report every few seconds, and not all at once: a rate is the difference over a window of several reports.
/// </summary>
public sealed class TrafficRate
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(15);
    private readonly Queue<(DateTimeOffset At, Sum Sum)> samples = new();

    /// <summary>Bits per second, clients to relays and back.</summary>
    public double BitsPerSecond { get; private set; }

    /// <summary>Packets per second, likewise.</summary>
    public double PacketsPerSecond { get; private set; }

    /// <summary>Share of the peers' packets that certainly did not go on to clients: what came in and did not go out. Relays' own answers to clients hide some of it, so it is at least this.</summary>
    public double LossAtLeast { get; private set; }

    /// <summary>True once there are two sums to compare.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Takes the sums as they are now. They must begin at the same time as before.</summary>
    public void Add(DateTimeOffset now, IEnumerable<UsageCounts> rows)
    {
        var sum = rows.Aggregate(default(Sum), static (sum, row) => new Sum(
            sum.Bytes + row.BytesFromClient + row.BytesToClient, sum.Packets + row.PacketsFromClient + row.PacketsToClient,
            sum.FromPeers + row.PacketsFromPeer, sum.ToClients + row.PacketsToClient));

        // Sums only grow; smaller ones are of another beginning, or of fewer regions.
        if (samples.Count > 0 && sum.Bytes < samples.Last().Sum.Bytes)
        {
            samples.Clear();
            IsKnown = false;
        }

        samples.Enqueue((now, sum));
        while (samples.Count > 2 && now - samples.ElementAt(1).At >= Window)
        {
            samples.Dequeue();
        }

        var (since, first) = samples.Peek();
        var seconds = (now - since).TotalSeconds;
        if (seconds <= 0)
        {
            return;
        }

        IsKnown = true;
        BitsPerSecond = (sum.Bytes - first.Bytes) * 8 / seconds;
        PacketsPerSecond = (sum.Packets - first.Packets) / seconds;
        var (came, went) = (sum.FromPeers - first.FromPeers, sum.ToClients - first.ToClients);
        LossAtLeast = came > 0 ? Math.Max(0, (double)(came - went) / came) : 0;
    }

    private readonly record struct Sum(long Bytes, long Packets, long FromPeers, long ToClients);
}
