using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.Tests.Hosting;

public sealed class ShortCollectionsTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly int[] collections = [7, 3];
    private readonly ShortCollections collector;
    private int asked;

    public ShortCollectionsTests() => collector = new ShortCollections(generation => collections[generation], Collect, time);

    public void Dispose() => collector.Dispose();

    [Fact]
    public void Nothing_is_collected_while_the_runtime_collects_nothing()
    {
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, asked);
    }

    [Fact]
    public void Every_second_collection_of_the_youngest_generation_is_followed_by_one_of_the_next()
    {
        for (var pairs = 1; pairs <= 3; pairs++)
        {
            collections[0]++;
            time.Advance(2 * ShortCollections.Period);
            Assert.Equal(pairs - 1, asked);
            collections[0]++;
            time.Advance(2 * ShortCollections.Period);
            Assert.Equal(pairs, asked);
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
        Assert.Equal(0, asked);
        collections[0]++;
        time.Advance(ShortCollections.Period);
        Assert.Equal(1, asked);
    }

    [Fact]
    public void At_most_one_is_asked_for_in_a_period()
    {
        collections[0] += 1000;
        time.Advance(ShortCollections.Period);
        Assert.Equal(1, asked);
        time.Advance(ShortCollections.Period / 2);
        collections[0] += 1000;
        Assert.Equal(1, asked);
    }

    [Fact]
    public void The_process_collects_its_middle_generation()
    {
        var before = GC.CollectionCount(1);
        using var ours = ShortCollections.OfProcess(time);
        GC.Collect(0);
        GC.Collect(0);
        time.Advance(ShortCollections.Period);
        Assert.InRange(GC.CollectionCount(1), before + 1, int.MaxValue);
    }

    private void Collect()
    {
        asked++;
        collections[0]++;
        collections[1]++;
    }
}
