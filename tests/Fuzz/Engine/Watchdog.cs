namespace NetDiscovery.Fuzz.Engine;

/// <summary>Ends the process when one execution takes far too long: an endless loop is a find too.</summary>
internal sealed class Watchdog : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly Timer timer;
    private long last = -1;

    public Watchdog(Func<long> executions, Finds finds) => timer = new Timer(_ =>
    {
        var now = executions();
        if (now == last)
        {
            finds.Add(finds.LastInput(), new TimeoutException($"An execution took longer than {Limit.TotalSeconds} s."));
            Environment.Exit(3);
        }

        last = now;
    }, null, Limit, Limit);

    public void Dispose() => timer.Dispose();
}
