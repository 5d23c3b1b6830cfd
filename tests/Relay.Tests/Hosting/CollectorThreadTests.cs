using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Listeners.Linux;

namespace NetDiscovery.Relay.Tests.Hosting;

public sealed class CollectorThreadTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_collection_is_done_when_the_call_returns(int generation)
    {
        using var collector = new CollectorThread(ahead: false);
        for (var turn = 0; turn < 3; turn++)
        {
            var before = GC.CollectionCount(generation);
            collector.Collect(generation);
            Assert.InRange(GC.CollectionCount(generation), before + 1, int.MaxValue);
        }
    }

    [Fact]
    public void It_leads_where_it_shall_and_the_system_lets_it()
    {
        Assert.SkipUnless(DatagramPathChoice.HasBatched, "needs the batched path");
        var may = false;
        var probe = new Thread(() => may = RealtimeLead.Take() is not null);
        probe.Start();
        probe.Join();
        using var ahead = new CollectorThread(ahead: true);
        using var alike = new CollectorThread(ahead: false);
        ahead.Collect(0);
        alike.Collect(0);
        Assert.Equal(may, ahead.Leads);
        Assert.False(alike.Leads);
    }

    [Fact]
    public void One_that_is_never_asked_ends()
    {
        using var collector = new CollectorThread(ahead: false);
        Assert.False(collector.Leads);
    }
}
