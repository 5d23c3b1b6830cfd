using NetDiscovery.Relay.Handlers.Unauthenticated;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Hostile;

public sealed class SourceRateLimiterTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void A_source_gets_its_burst_and_then_its_rate()
    {
        var limiter = new SourceRateLimiter(10, 40);
        Assert.Equal(40, Take(limiter, 7, 1_000, 0));
        Assert.Equal(10, Take(limiter, 7, 1_000, Second));
        Assert.Equal(5, Take(limiter, 7, 1_000, Second + (Second / 2)));
        Assert.Equal(40, Take(limiter, 7, 1_000, 100 * Second));
    }

    [Fact]
    public void A_thousand_flooding_sources_lock_out_hardly_anybody_else()
    {
        var limiter = new SourceRateLimiter(10, 40);
        for (var source = 0; source < 1_000; source++)
        {
            Take(limiter, (UInt128)source, 100, Second);
        }

        var lockedOut = Enumerable.Range(100_000, 10_000).Count(other => !limiter.TryTake((UInt128)other, Second));
        Assert.InRange(lockedOut, 0, 150);
    }

    [Fact]
    public void A_flood_from_addresses_without_number_locks_out_nobody()
    {
        // 200,000 a second, each from another address, for three seconds; beside it somebody who comes twice a second.
        var limiter = new SourceRateLimiter(100, 400);
        var refused = 0;
        for (var i = 0; i < 600_000; i++)
        {
            var now = (long)i * 5;
            limiter.TryTake((UInt128)(i + 1_000_000), now);
            if (i % 100_000 == 0 && !limiter.TryTake(42, now))
            {
                refused++;
            }
        }

        Assert.Equal(0, refused);
    }

    [Fact]
    public void It_allocates_nothing_however_many_sources_there_are()
    {
        // The first time the loops are compiled while they run, and that may allocate.
        Flood(new SourceRateLimiter(10, 40));
        var limiter = new SourceRateLimiter(10, 40);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Flood(limiter);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static void Flood(SourceRateLimiter limiter)
        {
            Take(limiter, 3, 100_000, Second);
            for (var i = 0; i < 100_000; i++)
            {
                limiter.TryTake((UInt128)i, Second);
            }
        }
    }

    [Fact]
    public void Zero_means_no_limit() => Assert.Equal(10_000, Take(new SourceRateLimiter(0, 0), 1, 10_000, 0));

    [Theory]
    [InlineData("9.9.9.9:1", "9.9.9.9:2", true)]
    [InlineData("9.9.9.9:1", "9.9.9.8:1", false)]
    [InlineData("[2600:1:2:300::1]:1", "[2600:1:2:3ff:ffff::9]:7", true)]
    [InlineData("[2600:1:2:300::1]:1", "[2600:1:2:400::1]:1", false)]
    public void A_source_is_an_IPv4_address_or_an_IPv6_56(string one, string other, bool same) =>
        Assert.Equal(same, SourcePrefix.Of(TransportAddress.Parse(one)) == SourcePrefix.Of(TransportAddress.Parse(other)));

    private static int Take(SourceRateLimiter limiter, UInt128 source, int times, long now)
    {
        var taken = 0;
        for (var i = 0; i < times; i++)
        {
            taken += limiter.TryTake(source, now) ? 1 : 0;
        }

        return taken;
    }
}
