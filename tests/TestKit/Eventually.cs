using System.Diagnostics;

namespace NetDiscovery.TestKit;

/// <summary>Waits for what another thread or process is about to do.</summary>
public static class Eventually
{
    /// <summary>Asks <paramref name="condition"/> every few milliseconds until it holds.</summary>
    /// <param name="condition">True when the awaited step has happened.</param>
    /// <param name="timeout">How long to wait in all.</param>
    /// <param name="missingStep">What has not happened when the wait ends; the message of the exception.</param>
    /// <exception cref="TimeoutException">The condition never held.</exception>
    public static Task EventuallyAsync(Func<bool> condition, TimeSpan timeout, string missingStep) =>
        EventuallyAsync(() => Task.FromResult(condition()), timeout, missingStep);

    /// <inheritdoc cref="EventuallyAsync(Func{bool}, TimeSpan, string)"/>
    public static async Task EventuallyAsync(Func<Task<bool>> condition, TimeSpan timeout, string missingStep)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > timeout)
            {
                throw new TimeoutException($"Not within {timeout.TotalSeconds:0.#} s: {missingStep}.");
            }

            await Task.Delay(10);
        }
    }
}
