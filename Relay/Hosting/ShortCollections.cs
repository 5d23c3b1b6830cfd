namespace NetDiscovery.Relay.Hosting;

/// <summary>
/// Keeps collections short while media flows. What survives one of the youngest generation is collected with the next generation, which the runtime puts off until a
/// megabyte or more has gathered there, and moving that stops the data path for 4 to 7 ms. Done after every second one it takes 1 to 3 ms.
/// </summary>
internal sealed class ShortCollections : IDisposable
{
    /// <summary>So many collections of the youngest generation alone go before one of the next.</summary>
    public const int Young = 2;

    /// <summary>How often they are counted, and so the shortest time between two collections that are asked for here.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly Func<int, int> collections;
    private readonly Action collect;
    private readonly ITimer timer;
    private int young;
    private int older;

    /// <param name="collections">Collections so far of a generation and those after it (<see cref="GC.CollectionCount"/>).</param>
    /// <param name="collect">Collects generation 1.</param>
    /// <param name="time">Clock.</param>
    public ShortCollections(Func<int, int> collections, Action collect, TimeProvider time)
    {
        this.collections = collections;
        this.collect = collect;
        Note();
        timer = time.CreateTimer(_ => OnTick(), null, Period, Period);
    }

    /// <summary>Of this process.</summary>
    public static ShortCollections OfProcess(TimeProvider time) => new(GC.CollectionCount, () => GC.Collect(1), time);

    /// <inheritdoc/>
    public void Dispose() => timer.Dispose();

    private void OnTick()
    {
        if (collections(1) != older)
        {
            Note(); // the runtime was first
        }
        else if (collections(0) - older - young >= Young)
        {
            collect();
            Note();
        }
    }

    private void Note()
    {
        older = collections(1);
        young = collections(0) - older;
    }
}
