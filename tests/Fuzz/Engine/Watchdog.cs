namespace NetDiscovery.Fuzz.Engine;

/// <summary>Ends the process when one execution takes far too long: an endless loop is a find too.</summary>
internal sealed class Watchdog : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly Timer timer;
    private long last = -1;
    private TimeSpan used;

    public Watchdog(Func<long> executions, Finds finds) => timer = new Timer(_ =>
    {
        var now = executions();
        var cpu = Environment.CpuUsage.TotalTime;

        // A process that was stopped, or got no processor, hangs in nothing.
        if (now == last && cpu - used > Limit / 2)
        {
            finds.Add(finds.LastInput(), new TimeoutException($"An execution took longer than {Limit.TotalSeconds} s."));
            Environment.Exit(3);
        }

        if (now != last)
        {
            (last, used) = (now, cpu);
        }
    }, null, Limit, Limit);

    public void Dispose() => timer.Dispose();
}
