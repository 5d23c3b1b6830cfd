using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Tests.Cluster;

namespace NetDiscovery.Grains.Tests.Allocations;

public sealed class ControlBatchesGrainTests(GrainCluster cluster)
{
    [Fact]
    public async Task Each_shard_answers_for_its_own_batch()
    {
        var (known, unknown, failing) = (new TestEvents(), new TestEvents(), new TestEvents());
        _ = unknown.Opened();
        cluster.Ledger.FailNext(failing.Id.Value);

        var results = await DeliverAsync(new ShardBatch(1, [known.Opened()]), new ShardBatch(2, [unknown.Usage(5)]), new ShardBatch(3, [failing.Opened()]));

        Assert.Empty(results[0].Result!.Unknown);
        Assert.Equal([unknown.Id], results[1].Result!.Unknown);
        Assert.Null(results[2].Result);
        Assert.NotEmpty(results[2].Problem);
        Assert.NotNull(await StateAsync(known));
        Assert.Null(await StateAsync(failing));
    }

    [Fact]
    public async Task More_events_than_a_batch_may_have_are_refused_as_a_whole()
    {
        var events = new TestEvents();
        var opened = events.Opened();

        await Assert.ThrowsAsync<ArgumentException>(() => DeliverAsync(new ShardBatch(1, [.. Enumerable.Repeat(opened, 600)]), new ShardBatch(2, [.. Enumerable.Repeat(opened, 401)])));

        Assert.Null(await StateAsync(events));
    }

    private Task<Allocation?> StateAsync(TestEvents one) => cluster.Grain<IAllocationGrain>(GrainKeys.Allocation(one.Id)).GetAsync();

    private Task<ImmutableArray<ShardResult>> DeliverAsync(params ImmutableArray<ShardBatch> batches) =>
        cluster.Silos.Client.GetGrain<IControlBatchesGrain>(0).DeliverAsync("relay-1", batches);
}
