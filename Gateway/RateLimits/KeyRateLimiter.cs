using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Gateway.RateLimits;

/// <summary>Counts the requests of each key at this gateway.</summary>
/// <remarks>
/// Only who has proven a key gets a bucket, and buckets that have filled up again are forgotten: what is held follows from the keys in use.
/// Where even that would be more than <see cref="Capacity"/>, further keys share buckets instead of going without.
/// </remarks>
public sealed class KeyRateLimiter
{
    /// <summary>Most buckets of their own, some 150 bytes each.</summary>
    public const int Capacity = 100_000;

    private const int SharedBuckets = 1_024;
    private static readonly TimeSpan SweepPause = TimeSpan.FromSeconds(1);

    private readonly TimeProvider time;
    private readonly BucketRate? forCalls;
    private readonly BucketRate? other;
    private readonly int capacity;
    private readonly ConcurrentDictionary<BucketKey, TokenBucket> buckets = new();
    private readonly TokenBucket[] shared = [.. Enumerable.Range(0, SharedBuckets).Select(static _ => new TokenBucket())];
    private int held;
    private long sweptAt;

    public KeyRateLimiter(IOptions<RateLimitOptions> options, TimeProvider time, GatewayMetrics metrics) : this(options.Value, time, Capacity) =>
        metrics.ObserveRateLimitBuckets(() => Held);

    internal KeyRateLimiter(RateLimitOptions options, TimeProvider time, int capacity)
    {
        (this.time, this.capacity, sweptAt) = (time, capacity, time.GetTimestamp());
        forCalls = Rate("tokens", options.TokensPerSecond, options.TokensBurst);
        other = Rate("requests", options.RequestsPerSecond, options.RequestsBurst);

        BucketRate? Rate(string name, int perSecond, int burst) => perSecond == 0 ? null : new BucketRate(name, perSecond, burst, time);
    }

    /// <summary>Buckets held for one key each.</summary>
    public int Held => Volatile.Read(ref held);

    /// <summary>Counts a request.</summary>
    /// <param name="caller">Who sent it.</param>
    /// <param name="isForCalls">True for what makes or ends what calls need: a token or a session.</param>
    /// <returns>Null where there is no limit.</returns>
    internal RateDecision? Take(Caller caller, bool isForCalls)
    {
        if ((isForCalls ? forCalls : other) is not { } rate || caller.Tenant is not { } tenant)
        {
            return null;
        }

        var now = time.GetTimestamp();
        return BucketOf(new BucketKey(tenant.Id, caller.Key, isForCalls), now).Take(rate, now);
    }

    private TokenBucket BucketOf(BucketKey key, long now)
    {
        if (buckets.TryGetValue(key, out var known))
        {
            return known;
        }

        if (Held >= capacity)
        {
            Sweep(now);
        }

        if (Held >= capacity)
        {
            return shared[(uint)key.GetHashCode() % SharedBuckets];
        }

        var made = new TokenBucket();
        var bucket = buckets.GetOrAdd(key, made);
        if (ReferenceEquals(bucket, made))
        {
            Interlocked.Increment(ref held);
        }

        return bucket;
    }

    private void Sweep(long now)
    {
        var last = Volatile.Read(ref sweptAt);
        if (time.GetElapsedTime(last, now) < SweepPause || Interlocked.CompareExchange(ref sweptAt, now, last) != last)
        {
            return;
        }

        foreach (var pair in buckets)
        {
            if (pair.Value.IsFull(now) && buckets.TryRemove(pair))
            {
                Interlocked.Decrement(ref held);
            }
        }
    }

    private readonly record struct BucketKey(TenantId Tenant, ApiKeyId? Key, bool IsForCalls);
}
