using System.Globalization;

namespace NetDiscovery.Gateway.RateLimits;

/// <summary>How fast a bucket fills and what it holds, in the clock's own units.</summary>
internal sealed class BucketRate
{
    private readonly long unitsPerSecond;

    /// <param name="name">What the headers call it.</param>
    /// <param name="perSecond">Requests per second.</param>
    /// <param name="burst">Requests that a full bucket holds.</param>
    /// <param name="time">The clock.</param>
    public BucketRate(string name, int perSecond, int burst, TimeProvider time)
    {
        unitsPerSecond = time.TimestampFrequency;
        (Name, Burst, UnitsPerRequest) = (name, burst, Math.Max(1, unitsPerSecond / perSecond));
        Policy = string.Create(CultureInfo.InvariantCulture, $"\"{name}\";q={burst};w={Math.Max(1, (burst + perSecond - 1) / perSecond)}");
    }

    /// <summary>What the headers call it.</summary>
    public string Name { get; }

    /// <summary>The header <c>RateLimit-Policy</c> (draft-ietf-httpapi-ratelimit-headers): <c>q</c> requests, had again after <c>w</c> seconds without any.</summary>
    public string Policy { get; }

    /// <summary>Requests that a full bucket holds.</summary>
    public int Burst { get; }

    /// <summary>Time in which the bucket gains one request.</summary>
    public long UnitsPerRequest { get; }

    /// <summary>Time in which an empty bucket fills.</summary>
    public long Depth => Burst * UnitsPerRequest;

    /// <returns>That much of the clock's time.</returns>
    public TimeSpan Span(long units) => new((long)((Int128)units * TimeSpan.TicksPerSecond / unitsPerSecond));
}
