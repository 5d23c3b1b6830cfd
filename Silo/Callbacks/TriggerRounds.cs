using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Silo.Callbacks;

/// <summary>Has every tenant's usage triggers compared with the ledger, once a minute. Every silo does it; the grains skip what was done a moment ago.</summary>
public sealed partial class TriggerRounds(CallbackStore store, IGrainFactory grains, TimeProvider time, ILogger<TriggerRounds> logger) : BackgroundService
{
    private const int BiteRows = 500;
    private const int AtOnce = 8;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await EvaluateAsync(Interval / 2, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The store is away; the next round does what this one did not.
                LogFailed(exception.Message);
            }
        }
    }

    /// <summary>Has all of them compared.</summary>
    /// <param name="unlessWithin">Not those that were within this time.</param>
    /// <param name="cancellationToken">Ends the round.</param>
    /// <returns>How many tenants.</returns>
    public async Task<int> EvaluateAsync(TimeSpan unlessWithin, CancellationToken cancellationToken)
    {
        var (after, count) = ("", 0);
        while (await store.ListTriggersAsync(after, BiteRows, cancellationToken) is { Count: > 0 } bite)
        {
            await Parallel.ForEachAsync(bite, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (key, _) =>
            {
                try
                {
                    await grains.GetGrain<IUsageTriggerGrain>(key).EvaluateAsync(unlessWithin);
                }
                catch (Exception exception)
                {
                    // One tenant's trouble is not the others'.
                    LogFailed(exception.Message);
                }
            });
            (after, count) = (bite[^1], count + bite.Count);
        }

        return count;
    }

    [LoggerMessage(3051, LogLevel.Warning, "Usage triggers could not all be compared with the ledger: {Problem}")]
    private partial void LogFailed(string problem);
}
