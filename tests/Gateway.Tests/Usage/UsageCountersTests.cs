using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Tests.Usage;

public sealed class UsageCountersTests : IDisposable
{
    private static readonly UsageKeys Keys = new(TenantId.New(), "", "label", "local", "", "");
    private static readonly UsageTotals One = new() { Tokens = 1 };

    private readonly FakeCluster cluster = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 5, 17, 10, 59, 59, TimeSpan.Zero));
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly GatewayMetrics metrics;
    private readonly UsageCounters counters;

    public UsageCountersTests()
    {
        metrics = new GatewayMetrics(services.GetRequiredService<IMeterFactory>());
        counters = new UsageCounters(cluster, metrics, time, NullLogger<UsageCounters>.Instance);
    }

    [Fact]
    public async Task Totals_run_under_one_source_and_grow_with_each_report()
    {
        counters.Add(Keys, One, null);
        counters.Add(Keys, One, null);
        await counters.FlushAsync();
        counters.Add(Keys, One, null);
        await counters.FlushAsync();
        await counters.FlushAsync();

        Assert.Equal([2, 3], cluster.Usage.Select(report => report.Totals.Tokens));
        Assert.Single(cluster.Usage.Select(report => report.SourceId).Distinct());
        Assert.True(cluster.Usage.First().Sequence < cluster.Usage.Last().Sequence);
    }

    [Fact]
    public async Task What_was_not_confirmed_is_sent_again_with_what_came_since()
    {
        counters.Add(Keys, One, null);
        cluster.Failure = new TimeoutException();
        Assert.False(await counters.FlushAsync());
        Assert.Equal(1, counters.Pending);
        counters.Add(Keys, One, null);
        cluster.Failure = null;

        Assert.True(await counters.FlushAsync());

        Assert.Equal(2, Assert.Single(cluster.Usage).Totals.Tokens);
        Assert.Equal(0, counters.Pending);
    }

    [Fact]
    public async Task Counts_belong_to_the_hour_they_were_made_in()
    {
        counters.Add(Keys, One, null);
        time.Advance(TimeSpan.FromSeconds(2));
        counters.Add(Keys, One, null);
        await counters.FlushAsync();

        Assert.Equal([10, 11], cluster.Usage.Select(report => report.ObservedAt.Hour).Order());
        Assert.Equal(2, cluster.Usage.Select(report => report.SourceId).Distinct().Count());
    }

    [Fact]
    public async Task Repeated_request_counts_once_under_its_own_source()
    {
        var source = Guid.NewGuid();
        counters.Add(Keys, One, source);
        counters.Add(Keys, One, source);
        await counters.FlushAsync();
        counters.Add(Keys, One, source);
        await counters.FlushAsync();

        Assert.All(cluster.Usage, report => Assert.Equal((source, 1L, 1L), (report.SourceId, report.Sequence, report.Totals.Tokens)));
    }

    [Fact]
    public async Task Counters_are_bounded_and_confirmed_ones_make_room()
    {
        for (var index = 0; index < UsageCounters.Capacity; index++)
        {
            Assert.True(counters.Add(Keys with { Label = $"{index}" }, One, null));
        }

        Assert.False(counters.HasRoom);
        Assert.False(counters.Add(Keys with { Label = "one more" }, One, null));
        Assert.True(counters.Add(Keys with { Label = "7" }, One, null));

        await counters.FlushAsync();

        Assert.True(counters.Add(Keys with { Label = "one more" }, One, null));
        Assert.Equal(UsageCounters.Capacity + 1, cluster.Usage.Sum(report => report.Totals.Tokens));
    }

    [Fact]
    public async Task Stopping_sends_the_rest()
    {
        await counters.StartAsync(default);
        counters.Add(Keys, One, null);

        await counters.StopAsync(default);

        Assert.Single(cluster.Usage);
    }

    public void Dispose()
    {
        counters.Dispose();
        metrics.Dispose();
        services.Dispose();
    }
}
