using System.Collections.Immutable;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Usage;

/// <summary>Counts what this gateway makes (tokens, sessions) and tells the ledger every second, until each total is confirmed.</summary>
/// <remarks>
/// Totals run per ledger row and hour under source ids of this process, so a report may be sent any number of times and counts once. A
/// gateway that is killed loses at most what it counted since the last report, about one second.
/// </remarks>
public sealed partial class UsageCounters : BackgroundService
{
    /// <summary>Most counters held; when the ledger takes none for so long that it is reached, minting stops.</summary>
    public const int Capacity = 100_000;

    private const int BatchSize = 500;
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 16 };
    private static readonly TimeSpan FlushPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    private readonly IGrainFactory grains;
    private readonly GatewayMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger<UsageCounters> logger;
    private readonly Lock gate = new();
    private readonly Dictionary<(UsageKeys Keys, DateTimeOffset Hour, Guid? Source), UsageCounter> counters = [];
    private readonly SemaphoreSlim flushing = new(1, 1);

    public UsageCounters(IGrainFactory grains, GatewayMetrics metrics, TimeProvider time, ILogger<UsageCounters> logger)
    {
        (this.grains, this.metrics, this.time, this.logger) = (grains, metrics, time, logger);
        metrics.ObservePendingUsage(() => Pending);
    }

    /// <summary>Counters that the ledger does not know fully yet.</summary>
    public int Pending
    {
        get
        {
            lock (gate)
            {
                return counters.Values.Count(static counter => counter.IsPending);
            }
        }
    }

    /// <summary>False when nothing more can be held: refuse what would have to be counted.</summary>
    public bool HasRoom
    {
        get
        {
            lock (gate)
            {
                return counters.Count < Capacity;
            }
        }
    }

    /// <summary>Counts.</summary>
    /// <param name="keys">The ledger row.</param>
    /// <param name="more">What to add.</param>
    /// <param name="once">For a request that may be repeated, at other gateways too: the source id that makes it count once; null to count each time.</param>
    /// <returns>False when nothing more can be held: refuse what was to be counted.</returns>
    public bool Add(UsageKeys keys, UsageTotals more, Guid? once)
    {
        var now = time.GetUtcNow();
        var hour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        lock (gate)
        {
            if (!counters.TryGetValue((keys, hour, once), out var counter))
            {
                if (counters.Count >= Capacity)
                {
                    return false;
                }

                counter = new UsageCounter(once ?? Guid.NewGuid(), keys, hour);
                counters.Add((keys, hour, once), counter);
            }

            if (once is null || counter.Sequence == 0)
            {
                counter.Add(more, now);
            }

            return true;
        }
    }

    /// <summary>Tells the ledger everything it does not know. Returns false when something is left to be sent again.</summary>
    public async Task<bool> FlushAsync()
    {
        await flushing.WaitAsync();
        try
        {
            var failures = 0;
            await Parallel.ForEachAsync(Batches(), AtOnce, async (batch, _) =>
            {
                if (!await SendAsync(batch.Grain, batch.Counters))
                {
                    Interlocked.Increment(ref failures);
                }
            });
            Forget();
            return failures == 0;
        }
        finally
        {
            flushing.Release();
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(FlushPeriod, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await FlushAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping: StopAsync sends the rest.
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            if (!await FlushAsync().WaitAsync(StopLimit, time, cancellationToken))
            {
                LogLost(Pending);
            }
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            LogLost(Pending);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        flushing.Dispose();
        base.Dispose();
    }

    private List<(string Grain, UsageCounter[] Counters)> Batches()
    {
        lock (gate)
        {
            return counters.Values.Where(static counter => counter.IsPending)
                .GroupBy(static counter => GrainKeys.Usage(counter.Keys.Tenant, counter.SourceId))
                .SelectMany(static group => group.Chunk(BatchSize).Select(chunk => (group.Key, chunk)))
                .ToList();
        }
    }

    private async Task<bool> SendAsync(string grain, UsageCounter[] batch)
    {
        ImmutableArray<UsageReport> reports;
        lock (gate)
        {
            reports = [.. batch.Select(static counter => counter.Report())];
        }

        try
        {
            await grains.GetGrain<IUsageGrain>(grain).RecordAsync(reports);
        }
        catch (Exception exception)
        {
            // Whatever it was, the totals are kept and sent again; the ledger counts them once.
            metrics.FlushFailed();
            LogNotConfirmed(reports.Length, exception.Message);
            return false;
        }

        lock (gate)
        {
            for (var index = 0; index < batch.Length; index++)
            {
                batch[index].Confirm(reports[index].Sequence);
            }
        }

        return true;
    }

    /// <summary>Drops confirmed counters that are not likely to count again: those of an hour that is over and those of one session or request.</summary>
    private void Forget()
    {
        var now = time.GetUtcNow();
        lock (gate)
        {
            var crowded = counters.Count > Capacity / 2;
            foreach (var ((keys, hour, once), counter) in counters.ToList())
            {
                if (!counter.IsPending && (crowded || once is not null || keys.Session.Length > 0 || now - hour >= KeptFor))
                {
                    counters.Remove((keys, hour, once));
                }
            }
        }
    }
}
