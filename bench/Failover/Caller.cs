using System.Diagnostics;

namespace NetDiscovery.Failover.Bench;

/// <summary>Calls one grain at an even pace for ever, one call at a time, and remembers its longest silence: the time between two answers.</summary>
/// <param name="grain">Whom it calls.</param>
/// <param name="callAsync">One call.</param>
internal sealed class Caller(IAddressable grain, Func<Task> callAsync)
{
    private readonly Lock gate = new();
    private long lastAnswer = Stopwatch.GetTimestamp();
    private TimeSpan longest;
    private int answers;
    private int failures;

    /// <summary>The grain.</summary>
    public IAddressable Grain => grain;

    /// <summary>Works until <paramref name="stop"/>. A call that fails is made again at the next beat, as gateways' clients and relays do.</summary>
    public async Task RunAsync(TimeSpan pace, TimeSpan offset, CancellationToken stop)
    {
        await Task.Delay(offset, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var timer = new PeriodicTimer(pace);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await callAsync();
                Answered();
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException or OperationCanceledException)
            {
                Interlocked.Increment(ref failures);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>Begins anew: what was before does not count.</summary>
    public void Mark()
    {
        lock (gate)
        {
            (longest, answers) = (TimeSpan.Zero, 0);
            Volatile.Write(ref failures, 0);
        }
    }

    /// <summary>What it was like since <see cref="Mark"/>; a silence that lasts counts as far as it has got.</summary>
    public (TimeSpan Longest, int Answers, int Failures) Read()
    {
        lock (gate)
        {
            var lasting = Stopwatch.GetElapsedTime(lastAnswer);
            return (lasting > longest ? lasting : longest, answers, Volatile.Read(ref failures));
        }
    }

    private void Answered()
    {
        lock (gate)
        {
            var now = Stopwatch.GetTimestamp();
            var silence = Stopwatch.GetElapsedTime(lastAnswer, now);
            (longest, lastAnswer, answers) = (silence > longest ? silence : longest, now, answers + 1);
        }
    }
}
