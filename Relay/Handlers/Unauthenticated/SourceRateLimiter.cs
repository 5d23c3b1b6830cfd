using System.Security.Cryptography;

namespace NetDiscovery.Relay.Handlers.Unauthenticated;

/// <summary>
/// Limits a rate for each of any number of sources in fixed memory: two rows of token buckets, and a source has one bucket in each, found by a hash that nobody
/// outside can predict. What is asked for is given while either bucket has a token, so a source meets a flood's limit only when both its buckets are shared with
/// flooding sources: with 1,000 of those at their limits, 4 in 1,000 others. And a flood from addresses without number is thinner in each bucket than the rate:
/// it empties none. Allocates nothing; not thread-safe.
/// </summary>
internal sealed class SourceRateLimiter
{
    /// <summary>Buckets in each row.</summary>
    public const int Columns = 16_384;

    private const int Rows = 2;
    private const long MicrosecondsPerSecond = 1_000_000;

    // Each bucket is the time at which it will be full again (GCRA): nothing has to be refilled, and zero is a full bucket.
    private readonly long[] fullAt;
    private readonly int[] seeds = new int[Rows];
    private readonly long interval;
    private readonly long depth;

    /// <param name="perSecond">Tokens each second for one source; 0 = no limit.</param>
    /// <param name="burst">Tokens a source that was silent has at once.</param>
    public SourceRateLimiter(double perSecond, double burst)
    {
        fullAt = perSecond > 0 ? new long[Rows * Columns] : [];
        interval = perSecond > 0 ? Math.Max(1, (long)(MicrosecondsPerSecond / perSecond)) : 0;
        depth = (long)(interval * Math.Max(1, burst));
        RandomNumberGenerator.Fill(System.Runtime.InteropServices.MemoryMarshal.AsBytes(seeds.AsSpan()));
    }

    /// <summary>Takes a token of a source.</summary>
    /// <param name="source">The source, as <see cref="Listeners.SourcePrefix"/> numbers it.</param>
    /// <param name="nowMicroseconds">A clock that never goes back; a coarse one will do.</param>
    /// <returns>False when the source has none left.</returns>
    public bool TryTake(UInt128 source, long nowMicroseconds)
    {
        if (fullAt.Length == 0)
        {
            return true;
        }

        var taken = false;
        for (var row = 0; row < Rows; row++)
        {
            var hash = (uint)HashCode.Combine((ulong)(source >> 64), (ulong)source, seeds[row]);
            ref var bucket = ref fullAt[(row * Columns) + (int)(hash % Columns)];
            var next = Math.Max(bucket, nowMicroseconds) + interval;
            if (next - nowMicroseconds <= depth)
            {
                bucket = next;
                taken = true;
            }
        }

        return taken;
    }
}
