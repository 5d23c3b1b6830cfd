using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Silo.Storage.Allocations;

namespace NetDiscovery.Silo.Hosting;

/// <summary>
/// Closes allocations whose relay never came back: expired for longer than <see cref="LostAllocation.Grace"/>, and closed by nobody. They keep what was
/// last known of their usage. Every silo does it, a bounded bite at a time; doing it at once is safe, and a relay that comes back after all takes them over again.
/// </summary>
public sealed partial class LostAllocations(IAllocationStore allocations, IGrainFactory grains, TimeProvider time, ILogger<LostAllocations> logger) : BackgroundService
{
    private const int BiteRows = 1_000;
    private const int AtOnce = 32;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await CloseAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The store, or the silo of a grain, is away; the next round does what this one did not.
                LogFailed(exception.Message);
            }
        }
    }

    /// <summary>Closes all there are.</summary>
    /// <returns>How many.</returns>
    public async Task<int> CloseAsync(CancellationToken cancellationToken)
    {
        var (before, closed) = (time.GetUtcNow() - LostAllocation.Grace, 0);
        AllocationId? after = null;
        while (await allocations.ListExpiredAsync(before, after, BiteRows, cancellationToken) is { Count: > 0 } bite)
        {
            await Parallel.ForEachAsync(bite, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (id, _) =>
            {
                if (await grains.GetGrain<IAllocationGrain>(GrainKeys.Allocation(id)).CloseLostAsync(before))
                {
                    Interlocked.Increment(ref closed);
                }
            });
            after = bite[^1];
        }

        if (closed > 0)
        {
            LogClosed(closed);
        }

        return closed;
    }

    [LoggerMessage(3031, LogLevel.Warning, "{Count} allocations were closed whose relay did not come back; their usage is what it last reported")]
    private partial void LogClosed(int count);

    [LoggerMessage(3032, LogLevel.Warning, "Allocations of lost relays could not be closed: {Problem}")]
    private partial void LogFailed(string problem);
}
