using System.Diagnostics;

namespace NetDiscovery.Hostile.Load;

/// <summary>How long datagrams took to the peer and back, in steps of 0.1 ms up to 10 s. Any thread.</summary>
internal sealed class RoundTrips
{
    private const int Steps = 100_000;
    private readonly int[] counts = new int[Steps];

    public void Add(long sentAt) => Interlocked.Increment(ref counts[Math.Clamp((int)(Stopwatch.GetElapsedTime(sentAt).TotalMilliseconds * 10), 0, Steps - 1)]);

    public void Reset() => Array.Clear(counts);

    /// <returns>Milliseconds.</returns>
    public double Quantile(double part)
    {
        var all = counts.Sum(count => (long)count);
        var rank = Math.Min((long)(all * part), all - 1);
        for (var step = 0; step < Steps; step++)
        {
            if ((rank -= counts[step]) < 0)
            {
                return (step + 1) / 10.0;
            }
        }

        return 0;
    }
}
