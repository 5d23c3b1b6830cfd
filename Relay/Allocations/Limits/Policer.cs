using System.Diagnostics;

namespace NetDiscovery.Relay.Allocations.Limits;

/// <summary>
/// A token bucket, as one number: the time at which the bucket would be full again (generic cell rate algorithm). What does not fit is turned away, not
/// delayed. Lock-free, any thread, allocates nothing.
/// </summary>
/// <param name="burstSeconds">What the bucket holds, in seconds of its rate.</param>
/// <param name="leastBurst">What it holds at least, whatever the rate.</param>
internal sealed class Policer(double burstSeconds, int leastBurst)
{
    private long fullAt;
    private double ticksPerUnit;
    private long burstTicks;

    /// <summary>A bucket of bytes, for one direction: a tenth of a second, and never less than two full-sized datagrams, or slow rates would pass nothing.</summary>
    public static Policer OfBytes() => new(burstSeconds: 0.1, leastBurst: 3_000);

    /// <summary>Sets the rate in bits per second; the bytes in the bucket stay.</summary>
    public void SetBitRate(long bitsPerSecond) => SetRate(bitsPerSecond / 8.0);

    /// <summary>Sets the rate; what is in the bucket stays.</summary>
    /// <param name="perSecond">0 lets nothing pass.</param>
    public void SetRate(double perSecond)
    {
        var perUnit = perSecond <= 0 ? double.PositiveInfinity : Stopwatch.Frequency / perSecond;
        var before = Interlocked.Exchange(ref ticksPerUnit, perUnit);
        Volatile.Write(ref burstTicks, perSecond <= 0 ? -1 : (long)Math.Min(long.MaxValue / 4, Math.Max(burstSeconds * Stopwatch.Frequency, leastBurst * perUnit)));

        // What is missing is kept as time, and at another rate it takes another time to come.
        var scale = before > 0 && double.IsFinite(before) && double.IsFinite(perUnit) ? perUnit / before : 0;
        var now = Stopwatch.GetTimestamp();
        for (var known = Volatile.Read(ref fullAt); known > now; known = Volatile.Read(ref fullAt))
        {
            if (Interlocked.CompareExchange(ref fullAt, now + (long)((known - now) * scale), known) == known)
            {
                return;
            }
        }
    }

    /// <summary>Lets <paramref name="count"/> pass if the bucket holds as many.</summary>
    /// <param name="count">Application bytes, or whatever the bucket holds.</param>
    /// <param name="now"><see cref="Stopwatch.GetTimestamp"/>.</param>
    public bool TryPass(int count, long now)
    {
        var burst = Volatile.Read(ref burstTicks);
        if (burst < 0)
        {
            return false;
        }

        var cost = (long)(count * Volatile.Read(ref ticksPerUnit));
        while (true)
        {
            var known = Volatile.Read(ref fullAt);
            var next = Math.Max(known, now) + cost;
            if (next - now > burst)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref fullAt, next, known) == known)
            {
                return true;
            }
        }
    }

    /// <summary>Takes <paramref name="count"/> whether the bucket holds as many or not: for streams, which can't lose data but can wait.</summary>
    /// <returns>How long to wait before they are passed on.</returns>
    public TimeSpan Charge(int count, long now)
    {
        var burst = Volatile.Read(ref burstTicks);
        if (burst < 0)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var cost = (long)(count * Volatile.Read(ref ticksPerUnit));
        while (true)
        {
            var known = Volatile.Read(ref fullAt);
            var next = Math.Max(known, now) + cost;
            if (Interlocked.CompareExchange(ref fullAt, next, known) == known)
            {
                return TimeSpan.FromSeconds((double)Math.Max(0, next - now - burst) / Stopwatch.Frequency);
            }
        }
    }
}
