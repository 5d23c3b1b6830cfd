using System.Diagnostics;

namespace NetDiscovery.Relay.Allocations.Limits;

/// <summary>
/// A token bucket for one direction, as one number: the time at which the bucket would be full again (generic cell rate algorithm). What does not fit
/// is dropped, not delayed. Lock-free, any thread, allocates nothing.
/// </summary>
internal sealed class Policer
{
    // A bucket holds a tenth of a second, and never less than two full-sized datagrams: or slow rates would pass nothing.
    private const double BurstSeconds = 0.1;
    private const int LeastBurstBytes = 3_000;

    private long fullAt;
    private double ticksPerByte;
    private long burstTicks;

    /// <summary>Sets the rate; the bytes in the bucket stay.</summary>
    /// <param name="bitsPerSecond">0 lets nothing pass.</param>
    public void SetRate(long bitsPerSecond)
    {
        var perByte = bitsPerSecond <= 0 ? double.PositiveInfinity : 8.0 * Stopwatch.Frequency / bitsPerSecond;
        var before = Interlocked.Exchange(ref ticksPerByte, perByte);
        Volatile.Write(ref burstTicks, bitsPerSecond <= 0 ? -1 : (long)Math.Min(long.MaxValue / 4, Math.Max(BurstSeconds * Stopwatch.Frequency, LeastBurstBytes * perByte)));

        // What is missing is kept as time, and at another rate it takes another time to come.
        var scale = before > 0 && double.IsFinite(before) && double.IsFinite(perByte) ? perByte / before : 0;
        var now = Stopwatch.GetTimestamp();
        for (var known = Volatile.Read(ref fullAt); known > now; known = Volatile.Read(ref fullAt))
        {
            if (Interlocked.CompareExchange(ref fullAt, now + (long)((known - now) * scale), known) == known)
            {
                return;
            }
        }
    }

    /// <summary>Lets <paramref name="bytes"/> pass if the bucket holds as many.</summary>
    /// <param name="bytes">Application bytes.</param>
    /// <param name="now"><see cref="Stopwatch.GetTimestamp"/>.</param>
    public bool TryPass(int bytes, long now)
    {
        var burst = Volatile.Read(ref burstTicks);
        if (burst < 0)
        {
            return false;
        }

        var cost = (long)(bytes * Volatile.Read(ref ticksPerByte));
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

    /// <summary>Takes <paramref name="bytes"/> whether the bucket holds as many or not: for streams, which can't lose data but can wait.</summary>
    /// <returns>How long to wait before they are passed on.</returns>
    public TimeSpan Charge(int bytes, long now)
    {
        var burst = Volatile.Read(ref burstTicks);
        if (burst < 0)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var cost = (long)(bytes * Volatile.Read(ref ticksPerByte));
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
