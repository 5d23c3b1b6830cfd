using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Grains.Allocations;

/// <summary>
/// The ingest shards whose grains live on this silo. As long as one does, all events of its allocations come in here, one batch after the other, and what their
/// activations hold is what is stored. Any thread.
/// </summary>
public sealed class HostedShards
{
    private readonly long[] numbers = new long[GrainKeys.IngestShards];
    private long last;

    /// <summary>The grain of a shard has come to life here.</summary>
    /// <returns>A number for this activation of it, 1 and up; every other has another.</returns>
    public long Begin(int shard)
    {
        var number = Interlocked.Increment(ref last);
        Volatile.Write(ref numbers[shard], number);
        return number;
    }

    /// <summary>That activation is leaving.</summary>
    public void End(int shard, long number) => Interlocked.CompareExchange(ref numbers[shard], 0, number);

    /// <returns>The number of the shard's activation here; 0 = it is not here.</returns>
    public long Of(int shard) => Volatile.Read(ref numbers[shard]);
}
