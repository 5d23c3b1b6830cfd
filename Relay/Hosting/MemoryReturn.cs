namespace NetDiscovery.Relay.Hosting;

/// <summary>
/// Gives memory back to the system when many clients have left, and once what the start needed is no longer needed. Nobody else would: a process that has little
/// to do collects no garbage, and the C library keeps what was freed, above all by the compiler, in case it is wanted again. After clients it happens twice: at once
/// beside the data path, which frees what they held but leaves it in pieces among what lives on, and later, while there is little to do, by moving that together.
/// </summary>
internal sealed class MemoryReturn : IDisposable
{
    /// <summary>So many clients must have left.</summary>
    public const int Many = 1000;

    /// <summary>Processor cores in use, below which there is little to do.</summary>
    public const double FewCores = 0.5;

    /// <summary>How often clients are counted.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>Time from any return to the next of those that begin one, so that nobody who comes and goes with thousands of connections can keep the collector busy.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    /// <summary>Time from the first return after clients to the second: what the first found unused has been finalized by then.</summary>
    public static readonly TimeSpan CompactAfter = TimeSpan.FromSeconds(15);

    private readonly Func<int> clients;
    private readonly Func<double> cores;
    private readonly Action<int, MemoryReturnStep> giveBack;
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private readonly Lock gate = new();
    private int most;
    private int previous;
    private int toCompact;
    private long last;
    private bool started;

    /// <param name="clients">Counts connections, associations and allocations.</param>
    /// <param name="cores">Tells how many processor cores were in use since it was asked last.</param>
    /// <param name="giveBack">Does it; gets the number of clients that have left, 0 after the start, and how.</param>
    /// <param name="time">Clock.</param>
    public MemoryReturn(Func<int> clients, Func<double> cores, Action<int, MemoryReturnStep> giveBack, TimeProvider time)
    {
        this.clients = clients;
        this.cores = cores;
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
        MemoryReturnStep step;
        lock (gate)
        {
            var now = clients();
            var quiet = cores() < FewCores;
            most = Math.Max(most, now);
            left = most - now;
            var coming = now - previous > Many / 10;
            var leaving = previous - now > Many / 10;
            previous = now;
            var since = time.GetElapsedTime(last);
            if (!leaving && since >= Pause && (!started || left >= Many))
            {
                (step, left) = started ? (MemoryReturnStep.Beside, left) : (MemoryReturnStep.AfterStart, 0);
                (started, most, toCompact) = (true, now, left);
            }
            else if (toCompact > 0 && since >= CompactAfter && quiet && !coming && !leaving)
            {
                (step, left) = (MemoryReturnStep.Compacting, toCompact);
                toCompact = 0;
            }
            else
            {
                return;
            }

            last = time.GetTimestamp();
        }

        giveBack(left, step);
    }
}

/// <summary>How memory is given back.</summary>
internal enum MemoryReturnStep
{
    /// <summary>What the start needed: no garbage is collected.</summary>
    AfterStart,

    /// <summary>Garbage is collected beside the data path.</summary>
    Beside,

    /// <summary>The data path stands for some ten milliseconds while what lives is moved together; datagrams wait in their sockets.</summary>
    Compacting,
}
