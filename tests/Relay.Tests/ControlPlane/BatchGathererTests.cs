using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.ControlPlane;

namespace NetDiscovery.Relay.Tests.ControlPlane;

public sealed class BatchGathererTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);

    private readonly FakeTimeProvider time = new();
    private readonly List<int> alone = [];
    private readonly List<int[]> together = [];

    [Fact]
    public async Task Shards_that_send_at_the_same_moment_share_a_message()
    {
        var gatherer = Make(batches => [.. batches.Select(batch => Well(batch.Events))]);

        var results = await AtOnceAsync(gatherer.DeliverAsync(3, Events(1)), gatherer.DeliverAsync(1, Events(2)), gatherer.DeliverAsync(2, Events(3)));

        Assert.Equal([3, 1, 2], Assert.Single(together));
        Assert.Empty(alone);
        Assert.Equal([1, 2, 3], results.Select(result => result.Unknown.Length));
    }

    [Fact]
    public async Task A_shard_that_sends_when_no_other_does_sends_as_ever()
    {
        var gatherer = Make(batches => [.. batches.Select(batch => Well(batch.Events))]);

        await AtOnceAsync(gatherer.DeliverAsync(5, Events(1)));

        Assert.Equal([5], alone);
        Assert.Empty(together);
    }

    [Fact]
    public async Task A_large_batch_is_a_message_of_its_own()
    {
        var gatherer = Make(batches => [.. batches.Select(batch => Well(batch.Events))]);

        await AtOnceAsync(gatherer.DeliverAsync(1, Events(33)), gatherer.DeliverAsync(2, Events(32)), gatherer.DeliverAsync(3, Events(1)));

        Assert.Equal([1], alone);
        Assert.Equal([2, 3], Assert.Single(together));
    }

    [Fact]
    public async Task No_message_has_more_than_a_thousand_events()
    {
        var gatherer = Make(batches => [.. batches.Select(batch => Well(batch.Events))]);

        await AtOnceAsync([.. Enumerable.Range(0, 64).Select(shard => gatherer.DeliverAsync(shard, Events(32)))]);

        Assert.Equal([31, 31, 2], together.Select(message => message.Length));
    }

    [Fact]
    public async Task A_shard_that_failed_sends_alone_until_it_succeeds()
    {
        var fails = true;
        var gatherer = Make(batches => [.. batches.Select(batch => batch.Shard == 1 && fails ? new ShardResult(null, "It is away.") : Well(batch.Events))]);

        var (one, two) = (gatherer.DeliverAsync(1, Events(1)), gatherer.DeliverAsync(2, Events(1)));
        time.Advance(Moment);

        Assert.Contains("It is away.", (await Assert.ThrowsAsync<InvalidOperationException>(() => one)).Message, StringComparison.Ordinal);
        await two;
        fails = false;
        await AtOnceAsync(gatherer.DeliverAsync(1, Events(1)), gatherer.DeliverAsync(2, Events(1)), gatherer.DeliverAsync(3, Events(1)));
        Assert.Equal([1], alone);
        await AtOnceAsync(gatherer.DeliverAsync(1, Events(1)), gatherer.DeliverAsync(2, Events(1)));
        Assert.Equal([[1, 2], [2, 3], [1, 2]], together);
    }

    /// <summary>Silos of the version before do not know such messages.</summary>
    [Fact]
    public async Task When_a_whole_message_fails_all_send_alone()
    {
        var gatherer = Make(_ => throw new ArgumentException("Unknown grain."));

        var (one, two) = (gatherer.DeliverAsync(1, Events(1)), gatherer.DeliverAsync(2, Events(1)));
        time.Advance(Moment);
        await Assert.ThrowsAsync<ArgumentException>(() => one);
        await Assert.ThrowsAsync<ArgumentException>(() => two);
        await AtOnceAsync(gatherer.DeliverAsync(1, Events(1)), gatherer.DeliverAsync(2, Events(1)), gatherer.DeliverAsync(3, Events(1)));

        Assert.Equal([1, 2, 3], alone.Order());
        Assert.Single(together);
    }

    private async Task<ControlBatchResult[]> AtOnceAsync(params Task<ControlBatchResult>[] deliveries)
    {
        time.Advance(Moment);
        return await Task.WhenAll(deliveries);
    }

    private BatchGatherer Make(Func<ImmutableArray<ShardBatch>, ImmutableArray<ShardResult>> answer) => new(
        (shard, events) =>
        {
            lock (alone)
            {
                alone.Add(shard);
            }

            return Task.FromResult(Well(events).Result!);
        },
        batches =>
        {
            lock (together)
            {
                together.Add([.. batches.Select(batch => batch.Shard)]);
            }

            return Task.FromResult(answer(batches));
        },
        time);

    // Names as many unknown allocations as there were events: each shard's answer is told from the others'.
    private static ShardResult Well(ImmutableArray<ControlEvent> events) => new(new ControlBatchResult([.. events.Select(happened => happened.Allocation)]), "");

    private static ImmutableArray<ControlEvent> Events(int count) =>
        [.. Enumerable.Range(0, count).Select(ControlEvent (_) => new AllocationRefreshed { Allocation = new AllocationId(Guid.NewGuid()), Sequence = 2, At = default, ExpiresAt = default })];
}
