using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.Tests.Hosting;

public sealed class ShortCollectionsTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly int[] collections = [7, 3];
    private readonly ShortCollections collector;
    private readonly List<int> asked = [];
    private long allocated = 5_000_000;

    public ShortCollectionsTests() => collector = new ShortCollections(generation => collections[generation], () => allocated, Collect, time);

    public void Dispose() => collector.Dispose();

    [Fact]
    public void Nothing_is_collected_while_little_is_allocated()
    {
        allocated += ShortCollections.Budget - 1;
        time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(asked);
    }

    [Fact]
    public void The_youngest_generation_is_collected_when_its_budget_is_used_up_and_every_third_time_the_next_too()
    {
        for (var turn = 1; turn <= 3; turn++)
        {
            asked.Clear();
            allocated += ShortCollections.Budget;
            time.Advance(5 * ShortCollections.Period);
            Assert.Equal([0], asked);
            allocated += ShortCollections.Budget - 1;
            time.Advance(5 * ShortCollections.Period);
            Assert.Equal([0], asked);
            allocated++;
            time.Advance(5 * ShortCollections.Period);
            Assert.Equal([0, 0, 1], asked);
        }
    }

    [Fact]
    public void What_was_allocated_before_a_collection_by_the_runtime_does_not_count()
    {
        allocated += ShortCollections.Budget;
        collections[0]++;
        time.Advance(ShortCollections.Period);
        allocated += ShortCollections.Budget - 1;
        time.Advance(ShortCollections.Period);
        Assert.Empty(asked);
        allocated++;
        time.Advance(ShortCollections.Period);
        Assert.Equal([0], asked);
    }

    [Fact]
    public void Every_second_collection_of_the_youngest_generation_is_followed_by_one_of_the_next()
    {
        for (var pairs = 1; pairs <= 3; pairs++)
        {
            collections[0]++;
            time.Advance(2 * ShortCollections.Period);
            Assert.Equal(Enumerable.Repeat(1, pairs - 1), asked);
            collections[0]++;
            time.Advance(2 * ShortCollections.Period);
            Assert.Equal(Enumerable.Repeat(1, pairs), asked);
        }
    }

    [Fact]
    public void One_by_the_runtime_itself_counts()
    {
        collections[0]++;
        time.Advance(ShortCollections.Period);
        collections[0]++;
        collections[1]++;
        time.Advance(ShortCollections.Period);
        collections[0]++;
        time.Advance(ShortCollections.Period);
        Assert.Empty(asked);
        collections[0]++;
        time.Advance(ShortCollections.Period);
        Assert.Equal([1], asked);
    }

    [Fact]
    public void At_most_one_is_asked_for_in_a_period()
    {
        collections[0] += 1000;
        time.Advance(ShortCollections.Period);
        Assert.Equal([1], asked);
        time.Advance(ShortCollections.Period / 2);
        collections[0] += 1000;
        Assert.Equal([1], asked);
    }

    [Fact]
    public void The_process_collects_its_middle_generation()
    {
        var before = GC.CollectionCount(1);
        using var ours = ShortCollections.OfProcess(ahead: true, time);
        GC.Collect(0);
        GC.Collect(0);
        time.Advance(ShortCollections.Period);
        Assert.InRange(GC.CollectionCount(1), before + 1, int.MaxValue);
    }

    [Fact]
    public void The_process_collects_its_youngest_generation_when_its_budget_is_used_up()
    {
        var before = GC.CollectionCount(0);
        using var ours = ShortCollections.OfProcess(ahead: false, time);
        var allocatedBefore = GC.GetTotalAllocatedBytes();
        while (GC.GetTotalAllocatedBytes() - allocatedBefore < ShortCollections.Budget)
        {
            GC.KeepAlive(new byte[1024]);
        }

        time.Advance(ShortCollections.Period);
        Assert.InRange(GC.CollectionCount(0), before + 1, int.MaxValue);
    }

    private void Collect(int generation)
    {
        asked.Add(generation);
        collections[0]++;
        collections[1] += generation;
    }
}
