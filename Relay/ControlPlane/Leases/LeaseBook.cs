using System.Collections.Concurrent;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.ControlPlane.Leases;

/// <summary>All leases of this relay: asks the cluster for more, gives back what is idle, and knows whether leases are in force.</summary>
internal sealed partial class LeaseBook(ICluster cluster, RelayIdentity relay, ControlPlanePacing pacing, TimeProvider time, ILogger<LeaseBook> logger)
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(1);

    // Between two questions for one limit: what a tenant beyond its limit may cost the cluster.
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<string, Lease> leases = new();
    private long renewedAt = time.GetTimestamp();
    private long sequence = time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000;
    private volatile bool giving;

    /// <summary>Called when a question for a lease has ended, however it ended, on any thread.</summary>
    public event Action<Lease>? Answered;

    /// <summary>Called when a lease is neither held nor asked for any more, on any thread.</summary>
    public event Action<Lease>? Dropped;

    /// <summary>Called each second.</summary>
    public event Action? Swept;

    /// <summary>Leases held or asked for.</summary>
    public int Count => leases.Count;

    /// <summary>True while the cluster keeps this relay's leases: it heard of the relay lately.</summary>
    public bool InForce => time.GetElapsedTime(Volatile.Read(ref renewedAt)) < RelayLease.Term - RelayLease.Margin;

    /// <summary>Notes that a heartbeat sent at <paramref name="timestamp"/> was answered.</summary>
    public void Renewed(long timestamp)
    {
        if (!InForce)
        {
            LogLapsed(leases.Count);
            foreach (var lease in leases.Values)
            {
                lease.Lapse();
                Ask(lease);
            }
        }

        Volatile.Write(ref renewedAt, timestamp);
    }

    /// <summary>Has the cluster asked for what the lease lacks. Never waits; any thread, inside a worker's gate too.</summary>
    public void Ask(Lease lease)
    {
        if (lease.TryBegin())
        {
            leases[lease.Key] = lease;
            _ = Task.Run(() => AskAsync(lease));
        }
    }

    /// <summary>Another relay needs what is not used here.</summary>
    /// <returns>What is held from now on; a lease nobody here knows of is not held.</returns>
    public LeaseStatement Reclaim(string key, long keep) => leases.TryGetValue(key, out var lease)
        ? lease.Reclaim(relay, NextSequence, keep)
        : new LeaseStatement(relay.Id, relay.Incarnation, NextSequence(), new LeaseLimit(-1, LeaseKind.Slots, 0, false), 0, 0, 0, 0);

    /// <summary>Gives back idle leases until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(SweepEvery, time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            Swept?.Invoke();
            foreach (var (key, lease) in leases)
            {
                if (lease.Sweep())
                {
                    Ask(lease);
                }
                else if (lease.IsIdle && leases.TryRemove(new KeyValuePair<string, Lease>(key, lease)))
                {
                    Forget(lease);
                }
            }
        }
    }

    /// <summary>Gives back everything that is not in use: the relay stops.</summary>
    public async Task ReturnAllAsync()
    {
        giving = true;
        await Task.WhenAll(leases.Values.Select(async lease =>
        {
            try
            {
                await cluster.ExchangeAsync(lease.Key, lease.Reclaim(relay, NextSequence, 0)).WaitAsync(pacing.AnswerWithin, time);
            }
            catch (Exception exception)
            {
                LogNotAnswered(lease.Key, exception.Message);
            }
        }));
    }

    private void Forget(Lease lease)
    {
        if (lease.IsIdle)
        {
            Dropped?.Invoke(lease);
        }
        else
        {
            // Put to use just now.
            leases.TryAdd(lease.Key, lease);
        }
    }

    private async Task AskAsync(Lease lease)
    {
        var failures = 0;
        while (!giving && lease.TryNext(relay, NextSequence, out var statement))
        {
            try
            {
                var grant = await cluster.ExchangeAsync(lease.Key, statement!).WaitAsync(pacing.AnswerWithin, time);
                CatchUp(grant.Sequence);
                lease.Answer(grant);
                failures = 0;
            }
            catch (Exception exception)
            {
                failures++;
                lease.Fail();
                LogNotAnswered(lease.Key, exception.Message);
            }

            Answered?.Invoke(lease);
            await Task.Delay(failures == 0 ? BetweenQuestions : pacing.RetryAfter(failures - 1), time);
        }
    }

    // After a clock that was set back, an earlier process of this relay may have used higher numbers.
    private void CatchUp(long heard)
    {
        for (var known = Volatile.Read(ref sequence); known < heard; known = Volatile.Read(ref sequence))
        {
            Interlocked.CompareExchange(ref sequence, heard, known);
        }
    }

    private long NextSequence() => Interlocked.Increment(ref sequence);

    [LoggerMessage(1266, LogLevel.Debug, "Allowance {Allowance} did not answer: {Problem}")]
    private partial void LogNotAnswered(string allowance, string problem);

    [LoggerMessage(1267, LogLevel.Warning, "The cluster was away for longer than leases hold; {Count} leases are reduced to what is in use")]
    private partial void LogLapsed(int count);
}
