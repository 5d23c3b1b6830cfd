namespace NetDiscovery.Relay.Hosting;

/// <summary>
/// Gives memory back to the system when many clients have left, and once what the start needed is no longer needed. Nobody else would: a process that has little
/// to do collects no garbage, and the C library keeps what was freed, above all by the compiler, in case it is wanted again.
/// </summary>
internal sealed class MemoryReturn : IDisposable
{
    /// <summary>So many clients must have left.</summary>
    public const int Many = 1000;

    /// <summary>How often clients are counted.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>Time between two returns, so that nobody who comes and goes with thousands of connections can keep the collector busy.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly Func<int> clients;
    private readonly Action<int> giveBack;
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private readonly Lock gate = new();
    private int most;
    private int previous;
    private long last;
    private bool started;

    /// <param name="clients">Counts connections, associations and allocations.</param>
    /// <param name="giveBack">Does it; gets the number of clients that have left, 0 after the start.</param>
    /// <param name="time">Clock.</param>
    public MemoryReturn(Func<int> clients, Action<int> giveBack, TimeProvider time)
    {
        this.clients = clients;
        this.giveBack = giveBack;
        this.time = time;
        last = time.GetTimestamp();
        timer = time.CreateTimer(_ => OnTick(), null, Period, Period);
    }

    /// <inheritdoc/>
    public void Dispose() => timer.Dispose();

    private void OnTick()
    {
        int left;
        lock (gate)
        {
            var now = clients();
            most = Math.Max(most, now);
            left = most - now;
            var stillLeaving = previous - now > Many / 10;
            previous = now;
            if ((started && left < Many) || stillLeaving || time.GetElapsedTime(last) < Pause)
            {
                return;
            }

            started = true;
            most = now;
            last = time.GetTimestamp();
        }

        giveBack(left);
    }
}
