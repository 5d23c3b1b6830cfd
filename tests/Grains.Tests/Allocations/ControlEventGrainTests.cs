using System.Collections.Immutable;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.TestKit;

namespace NetDiscovery.Grains.Tests.Allocations;

public sealed class ControlEventGrainTests(GrainCluster cluster)
{
    private IControlEventGrain Shard => cluster.Grain<IControlEventGrain>(GrainKeys.Ingest(7));

    [Fact]
    public async Task Each_event_reaches_its_own_allocation_in_order()
    {
        var (a, b) = (new TestEvents(), new TestEvents());
        var result = await Shard.DeliverAsync("relay-1", [a.Opened(), b.Opened(), a.Usage(10), b.Usage(20), b.Closed(25), a.Usage(15)]);
        Assert.Empty(result.Unknown);
        Assert.Equal((3L, 15L), (await StateAsync(a) is { } first ? (first.Sequence, first.Totals.BytesToPeer) : default));
        Assert.Equal((3L, 25L), (await StateAsync(b) is { } second ? (second.Sequence, second.Totals.BytesToPeer) : default));
    }

    [Fact]
    public async Task Allocations_nobody_opened_are_named_and_the_others_applied()
    {
        var (known, unknown) = (new TestEvents(), new TestEvents());
        var opening = unknown.Opened();
        var usage = unknown.Usage(5);
        var result = await Shard.DeliverAsync("relay-1", [usage, known.Opened()]);
        Assert.Equal([unknown.Id], result.Unknown);
        Assert.NotNull(await StateAsync(known));

        Assert.Empty((await Shard.DeliverAsync("relay-1", [opening, usage])).Unknown);
        Assert.Equal(5, cluster.Ledger.Total(unknown.Tenant).BytesToPeer);
    }

    [Fact]
    public async Task One_allocation_that_fails_does_not_lose_the_others_and_the_whole_batch_can_be_repeated()
    {
        var all = Enumerable.Range(0, 10).Select(_ => new TestEvents()).ToList();
        ImmutableArray<ControlEvent> batch = [.. all.SelectMany(one => new ControlEvent[] { one.Opened(), one.Usage(100) })];
        cluster.Ledger.FailNext(all[0].Id.Value);
        await Assert.ThrowsAsync<IOException>(() => Shard.DeliverAsync("relay-1", batch));

        Assert.Null(await StateAsync(all[0]));
        foreach (var one in all.Skip(1))
            Assert.Equal(2, (await StateAsync(one))!.Sequence);

        Assert.Empty((await Shard.DeliverAsync("relay-1", batch)).Unknown);
        Assert.All(all, one => Assert.Equal((100L, 1L), (cluster.Ledger.Total(one.Tenant).BytesToPeer, cluster.Ledger.Total(one.Tenant).Allocations)));
        Assert.All(all, one => Assert.Single(cluster.Ledger.Accepted(one.Id.Value)));
    }

    [Fact]
    public async Task Batches_of_one_shard_do_not_wait_for_each_other()
    {
        var (slow, fast) = (new TestEvents(), new TestEvents());
        var (reached, release) = cluster.Storage.HoldNextWrite("allocation", GrainKeys.Allocation(slow.Id));
        var waiting = Shard.DeliverAsync("relay-1", [slow.Opened()]);
        await reached.WaitAsync(TimeSpan.FromSeconds(60));
        await Shard.DeliverAsync("relay-2", [fast.Opened()]).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.False(waiting.IsCompleted);
        release.SetResult();
        await waiting;
    }

    [Fact]
    public async Task Copies_of_a_batch_wait_for_the_first_instead_of_doing_its_work_again()
    {
        var (slow, failing) = (new TestEvents(), new TestEvents());
        ImmutableArray<ControlEvent> batch = [slow.Opened(), failing.Opened()];
        var (reached, release) = cluster.Storage.HoldNextWrite("allocation", GrainKeys.Allocation(slow.Id));
        cluster.Ledger.FailNext(failing.Id.Value);
        var first = Shard.DeliverAsync("relay-copies", batch);
        await reached.WaitAsync(TimeSpan.FromSeconds(60));
        var copy = Shard.DeliverAsync("relay-copies", batch);
        await Eventually.EventuallyAsync(() => cluster.Begun.Of("relay-copies") == 2, TimeSpan.FromSeconds(60), "the copy is looked at");
        release.SetResult();

        // One failure, told to both: a copy that called the allocations itself would have succeeded.
        await Assert.ThrowsAsync<IOException>(() => first);
        await Assert.ThrowsAsync<IOException>(() => copy);
        Assert.Empty((await Shard.DeliverAsync("relay-copies", batch)).Unknown);
        Assert.NotNull(await StateAsync(failing));
    }

    [Fact]
    public async Task So_many_allocations_of_a_shard_are_called_at_once_and_the_next_when_one_is_done()
    {
        var all = Enumerable.Range(0, ControlEventGrain.AtOnce + 1).Select(_ => new TestEvents()).ToList();
        var writes = all.ConvertAll(one => cluster.Storage.HoldNextWrite("allocation", GrainKeys.Allocation(one.Id)));
        var other = cluster.Grain<IControlEventGrain>(GrainKeys.Ingest(8)).DeliverAsync("relay-1", [.. all.Select(one => one.Opened())]);
        foreach (var (reached, _) in writes.Take(ControlEventGrain.AtOnce))
            await reached.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.False(writes[^1].Reached.IsCompleted);
        writes[0].Release.SetResult();
        await writes[^1].Reached.WaitAsync(TimeSpan.FromSeconds(60));
        foreach (var (_, release) in writes.Skip(1))
            release.SetResult();
        await other;
    }

    [Fact]
    public async Task Empty_and_oversized_batches()
    {
        Assert.Empty((await Shard.DeliverAsync("relay-1", [])).Unknown);
        var one = new TestEvents();
        ImmutableArray<ControlEvent> tooMany = [one.Opened(), .. Enumerable.Range(0, 1_000).Select(_ => one.Refreshed())];
        await Assert.ThrowsAsync<ArgumentException>(() => Shard.DeliverAsync("relay-1", tooMany));
        Assert.Null(await StateAsync(one));
    }

    [Fact]
    public async Task Whatever_is_repeated_cut_or_late_the_ledger_equals_the_relays_counters()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var relays = Enumerable.Range(0, 20).Select(_ => new TestEvents()).ToList();
        var finals = new Dictionary<TestEvents, long>();
        await Task.WhenAll(relays.Select(one => Task.Run(() => LiveAsync(one, random.Next()))));

        Assert.All(relays, one => Assert.True(
            finals[one] == cluster.Ledger.Total(one.Tenant).BytesToPeer, $"seed {seed}: {finals[one]} bytes, ledger {cluster.Ledger.Total(one.Tenant).BytesToPeer}"));
        foreach (var one in relays)
            Assert.True((await StateAsync(one))!.ClosedAt is not null, $"seed {seed}: {one.Id} is not closed");

        // One allocation's relay: sends each batch until it is confirmed, sometimes twice at once, sometimes an old one after it.
        async Task LiveAsync(TestEvents one, int ownSeed)
        {
            var own = new Random(ownSeed);
            var bytes = 0L;
            var sent = new List<ImmutableArray<ControlEvent>>();
            var key = GrainKeys.Allocation(one.Id);
            for (var step = 0; step < 12; step++)
            {
                ImmutableArray<ControlEvent> batch = step switch
                {
                    0 => [one.Opened()],
                    11 => [one.Usage(bytes += own.Next(1_000)), one.Closed(bytes += own.Next(1_000))],
                    _ => [one.Usage(bytes += own.Next(1_000)), one.Refreshed(), one.Usage(bytes += own.Next(1_000))],
                };
                sent.Add(batch);
                if (own.Next(4) == 0)
                    cluster.Storage.FailNextWrites("allocation", key, afterStoring: own.Next(2) == 0);
                if (own.Next(4) == 0)
                    cluster.Ledger.FailNext(one.Id.Value);

                for (var delivered = false; !delivered;)
                {
                    try
                    {
                        var copies = Enumerable.Range(0, 1 + own.Next(2)).Select(_ => Shard.DeliverAsync("relay", batch)).ToList();
                        await Task.WhenAll(copies);
                        delivered = true;
                    }
                    catch (Exception exception) when (exception is IOException or OrleansException)
                    {
                    }
                }

                await Shard.DeliverAsync("relay", sent[own.Next(sent.Count)]).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            lock (finals)
                finals[one] = bytes;
        }
    }

    private Task<Allocation?> StateAsync(TestEvents one) => cluster.Grain<IAllocationGrain>(GrainKeys.Allocation(one.Id)).GetAsync();
}
