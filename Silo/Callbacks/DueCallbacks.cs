using Microsoft.Extensions.Options;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Silo.Callbacks;

/// <summary>
/// Wakes grains that have had something to do with events for a while: what a silo that died, or a pause of hours, has left. Every silo does it; doing it
/// at once is safe. Takes the place of reminders, which the embedded store does not keep.
/// </summary>
public sealed partial class DueCallbacks(CallbackStore store, IGrainFactory grains, IOptions<CallbackOptions> options, TimeProvider time, ILogger<DueCallbacks> logger) : BackgroundService
{
    private const int BiteRows = 500;
    private const int AtOnce = 32;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>What has been due for less is most likely being done.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        for (var round = 0; await timer.WaitForNextTickAsync(stoppingToken); round++)
        {
            try
            {
                await WakeAsync(stoppingToken);
                if (round % 120 == 60)
                {
                    await DeleteAsync(stoppingToken);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The store, or the silo of a grain, is away; the next round does what this one did not.
                LogFailed(exception.Message);
            }
        }
    }

    /// <summary>Wakes all there are.</summary>
    /// <returns>How many.</returns>
    public async Task<int> WakeAsync(CancellationToken cancellationToken)
    {
        var (before, after, woken) = (time.GetUtcNow() - Grace, "", 0);
        while (await store.ListDueAsync(before, after, BiteRows, cancellationToken) is { Count: > 0 } bite)
        {
            await Parallel.ForEachAsync(bite, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (due, _) =>
                await (due.State == "session" ? grains.GetGrain<ISessionGrain>(due.Key).WakeAsync() : grains.GetGrain<ICallbackGrain>(due.Key).WakeAsync()));
            (after, woken) = (bite[^1].Key, woken + bite.Count);
        }

        return woken;
    }

    /// <summary>Deletes logs past their retention.</summary>
    /// <returns>How many subjects' logs.</returns>
    public async Task<int> DeleteAsync(CancellationToken cancellationToken)
    {
        var (before, deleted, bite) = (time.GetUtcNow() - TimeSpan.FromHours(options.Value.RetentionHours), 0, BiteRows);
        while (bite == BiteRows)
        {
            bite = await store.DeleteAsync(before, BiteRows, cancellationToken);
            deleted += bite;
        }

        return deleted;
    }

    [LoggerMessage(3050, LogLevel.Warning, "Events that are due could not all be looked after: {Problem}")]
    private partial void LogFailed(string problem);
}
