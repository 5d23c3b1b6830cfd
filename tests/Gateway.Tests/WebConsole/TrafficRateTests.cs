using NetDiscovery.Gateway.Usage;
using NetDiscovery.Gateway.WebConsole.Components;

namespace NetDiscovery.Gateway.Tests.WebConsole;

public sealed class TrafficRateTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void One_sum_is_no_rate()
    {
        var rate = new TrafficRate();
        rate.Add(Start, [Counts(1_000)]);

        Assert.False(rate.IsKnown);
    }

    [Fact]
    public void The_rate_is_that_of_the_last_quarter_of_a_minute_over_all_rows()
    {
        var rate = new TrafficRate();
        for (var second = 0; second <= 60; second += 5)
        {
            // Nothing for half a minute, then 1,000 bytes and 10 packets a second in two rows.
            var on = Math.Max(0, second - 30);
            rate.Add(Start.AddSeconds(second), [Counts(on * 400, on * 4), Counts(on * 600, on * 6)]);
        }

        Assert.Equal((8_000.0, 10.0), (rate.BitsPerSecond, rate.PacketsPerSecond));
    }

    [Fact]
    public void What_came_from_peers_and_did_not_go_on_is_lost()
    {
        var rate = new TrafficRate();
        rate.Add(Start, [new UsageCounts()]);
        rate.Add(Start.AddSeconds(5), [new UsageCounts { PacketsFromPeer = 200, PacketsToClient = 150 }]);

        Assert.Equal(0.25, rate.LossAtLeast);
    }

    [Fact]
    public void Answers_of_the_relay_itself_are_no_negative_loss()
    {
        var rate = new TrafficRate();
        rate.Add(Start, [new UsageCounts()]);
        rate.Add(Start.AddSeconds(5), [new UsageCounts { PacketsFromPeer = 10, PacketsToClient = 12 }]);

        Assert.Equal(0, rate.LossAtLeast);
    }

    [Fact]
    public void Sums_that_shrink_begin_anew()
    {
        var rate = new TrafficRate();
        rate.Add(Start, [Counts(5_000)]);
        rate.Add(Start.AddSeconds(5), [Counts(6_000)]);
        rate.Add(Start.AddSeconds(10), [Counts(100)]);

        Assert.False(rate.IsKnown);
    }

    private static UsageCounts Counts(long bytes, long packets = 0) => new() { BytesFromClient = bytes, PacketsFromClient = packets };
}
