namespace NetDiscovery.Relay.Hosting;

/// <summary>
/// What a relay does first when it is told to stop and nobody takes over: it takes no new allocations, sends clients elsewhere, and waits for those
/// it has to end by themselves. A successor that turns up ends the wait: it gets them all.
/// </summary>
internal sealed partial class DrainOnStop(RelayServer server, TimeProvider time, ILogger<DrainOnStop> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until no allocation is left, a successor waits, or the time is over.</summary>
    /// <param name="limit">Longest wait; zero: none.</param>
    /// <param name="cancellation">Ends the wait: the host has no more patience.</param>
    public async Task RunAsync(TimeSpan limit, CancellationToken cancellation)
    {
        if (limit <= TimeSpan.Zero || server.HasSuccessor || server.Allocations == 0)
        {
            return;
        }

        server.SetDraining(true);
        LogDrains(server.Allocations, (int)limit.TotalSeconds);
        for (var start = time.GetTimestamp(); server.Allocations > 0 && !server.HasSuccessor && time.GetElapsedTime(start) < limit && !cancellation.IsCancellationRequested;)
        {
            await Task.Delay(Pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        LogDrained(server.Allocations);
    }

    [LoggerMessage(1007, LogLevel.Information, "Told to stop: no new allocations are taken, {Allocations} are waited for, {Seconds} s at most")]
    private partial void LogDrains(int allocations, int seconds);

    [LoggerMessage(1008, LogLevel.Information, "Drained: {Allocations} allocations are left")]
    private partial void LogDrained(int allocations);
}
