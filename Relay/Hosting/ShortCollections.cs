using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Hosting;

/// <summary>
/// Keeps collections short while media flows. The runtime collects the youngest generation on whichever thread has used up its budget, at that thread's turn of the processor;
/// most are done here before, on a thread that is ahead of others (<see cref="CollectorThread"/>). What survives is collected with the next generation, which the runtime puts
/// off until a megabyte or more has gathered there, and moving that stops the data path for 4 to 7 ms. Done after every second one it takes 1 to 3 ms.
/// </summary>
internal sealed class ShortCollections : IDisposable
{
    /// <summary>So many collections of the youngest generation alone go before one of the next.</summary>
    public const int Young = 2;

    /// <summary>Bytes allocated since a collection after which the youngest generation is collected: before the runtime does, at 1 MiB (<c>GCGen0MaxBudget</c> in Relay.csproj).</summary>
    public const long Budget = 768 * 1024;

    /// <summary>How often it is looked, and so the shortest time between two collections that are asked for here. Beyond <see cref="Budget"/> in a fraction of it, the runtime is first.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Func<int, int> collections;
    private readonly Func<long> allocated;
    private readonly Action<int> collect;
    private readonly ITimer timer;
    private readonly Lock ticking = new();
    private readonly CollectorThread? thread;
    private bool disposed;
    private int all;
    private int older;
    private int young;
    private long since;

    /// <param name="collections">Collections so far of a generation and those after it (<see cref="GC.CollectionCount"/>).</param>
    /// <param name="allocated">Bytes allocated so far (<see cref="GC.GetTotalAllocatedBytes"/>).</param>
    /// <param name="collect">Collects a generation and those before it.</param>
    /// <param name="time">Clock.</param>
    public ShortCollections(Func<int, int> collections, Func<long> allocated, Action<int> collect, TimeProvider time)
    {
        this.collections = collections;
        this.allocated = allocated;
        this.collect = collect;
        Note();
        young = 0;
        timer = time.CreateTimer(_ => OnTick(), null, Period, Period);
    }

    private ShortCollections(CollectorThread thread, TimeProvider time)
        : this(GC.CollectionCount, () => GC.GetTotalAllocatedBytes(), thread.Collect, time) => this.thread = thread;

    /// <summary>Of this process.</summary>
    /// <param name="ahead">Ahead of other work, see <see cref="RelayOptions.RealtimeDataPath"/>.</param>
    /// <param name="time">Clock.</param>
    public static ShortCollections OfProcess(bool ahead, TimeProvider time) => new(new CollectorThread(ahead && DatagramPathChoice.HasBatched), time);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (ticking)
        {
            disposed = true;
            timer.Dispose();
            thread?.Dispose();
        }
    }

    private void OnTick()
    {
        lock (ticking)
        {
            if (disposed)
            {
                return;
            }

            if (collections(0) != all)
            {
                Note(); // the runtime was first
            }

            if (young >= Young)
            {
                collect(1);
                Note();
            }
            else if (allocated() - since >= Budget)
            {
                collect(0);
                Note();
            }
        }
    }

    private void Note()
    {
        var (allBefore, olderBefore) = (all, older);
        (all, older, since) = (collections(0), collections(1), allocated());
        young = older != olderBefore ? 0 : young + all - allBefore;
    }
}
