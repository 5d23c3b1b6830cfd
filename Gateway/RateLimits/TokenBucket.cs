namespace NetDiscovery.Gateway.RateLimits;

/// <summary>A token bucket in one number: the moment from which it is full. Nobody has to fill it, and a full one may be forgotten.</summary>
/// <remarks>Any thread. The generic cell rate algorithm (ITU-T I.371 Annex A), which admits what a token bucket admits.</remarks>
internal sealed class TokenBucket
{
    private long fullAt = long.MinValue;

    /// <returns>True when nothing would change by forgetting the bucket.</returns>
    public bool IsFull(long now) => Volatile.Read(ref fullAt) <= now;

    /// <summary>Takes one request out of the bucket, if there is one.</summary>
    /// <param name="rate">How it fills.</param>
    /// <param name="now">The clock's timestamp.</param>
    public RateDecision Take(BucketRate rate, long now)
    {
        while (true)
        {
            var before = Volatile.Read(ref fullAt);
            var after = Math.Max(before, now) + rate.UnitsPerRequest;
            if (after - now > rate.Depth)
            {
                return new RateDecision(rate, 0, rate.Span(before - now), rate.Span(after - now - rate.Depth));
            }

            if (Interlocked.CompareExchange(ref fullAt, after, before) == before)
            {
                return new RateDecision(rate, (int)((rate.Depth - (after - now)) / rate.UnitsPerRequest), rate.Span(after - now), null);
            }
        }
    }
}

/// <summary>What became of a request at its bucket.</summary>
/// <param name="Rate">The bucket's.</param>
/// <param name="Remaining">Requests it still holds.</param>
/// <param name="FullIn">Time until it is full again.</param>
/// <param name="Wait">How long the caller must wait; null when the request may go on.</param>
internal readonly record struct RateDecision(BucketRate Rate, int Remaining, TimeSpan FullIn, TimeSpan? Wait);
