using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.ControlPlane;

public sealed class EventShardTests
{
    [Fact]
    public async Task Batch_that_the_cluster_goes_on_to_refuse_is_a_warning_and_its_end_is_told()
    {
        using var allocation = new JournaledAllocation();
        var (log, cluster) = (new LogLines(), new FakeCluster { Reachable = false });
        var shard = GrainKeys.IngestShard(allocation.Identity.Allocation);
        var confirmed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var loggers = log.Factory();
        using var stop = new CancellationTokenSource();
        var sender = new EventShard(
            shard, cluster, new RelayIdentity("relay-under-test", "local", Guid.NewGuid()),
            new ControlPlanePacing { Linger = TimeSpan.Zero, FirstRetry = TimeSpan.FromMilliseconds(1), MaxRetry = TimeSpan.FromMilliseconds(1) },
            TimeProvider.System, loggers.CreateLogger("shard"))
        { Confirmed = _ => confirmed.SetResult() };
        allocation.Slot.Close(AllocationCloseReason.Deleted, TimeProvider.System.GetUtcNow());
        var report = new AllocationReport(allocation.Slot, allocation.Identity, claims: null, sender);
        report.Opened();
        report.Closed();

        // Not before both are noted: it would begin with the first alone.
        var running = sender.RunAsync(stop.Token);

        var waits = $"Shard {shard}: 2 control events wait, the first of allocation {allocation.Identity.Allocation}; the cluster did not take them";
        await RelayFixture.UntilAsync(() => log.Text.Contains($"Warning shard {waits} 5 times", StringComparison.Ordinal), "the warning");
        Assert.Contains($"Debug shard {waits} 4 times", log.Text, StringComparison.Ordinal);
        Assert.Contains("The cluster is away.", log.Text, StringComparison.Ordinal);
        cluster.Reachable = true;
        await confirmed.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await RelayFixture.UntilAsync(() => log.Text.Contains($"Information shard Shard {shard}: the cluster took", StringComparison.Ordinal), "the end of it");

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_shard_that_had_much_to_tell_gathers_for_twice_as_long()
    {
        using var allocation = new JournaledAllocation();
        var (linger, cluster, time) = (TimeSpan.FromMilliseconds(100), new FakeCluster(), new PausesNoted());
        using var stop = new CancellationTokenSource();
        var sender = new EventShard(
            GrainKeys.IngestShard(allocation.Identity.Allocation), cluster, new RelayIdentity("relay-under-test", "local", Guid.NewGuid()),
            new ControlPlanePacing { Linger = linger }, time, NullLogger.Instance)
        { Confirmed = _ => { } };
        var report = new AllocationReport(allocation.Slot, allocation.Identity, claims: null, sender);
        report.Opened();
        Permit(count: BatchGatherer.Little);

        var running = sender.RunAsync(stop.Token);
        await ToldAsync(1 + BatchGatherer.Little);
        Permit(count: 1);
        await ToldAsync(2 + BatchGatherer.Little);
        Permit(count: 1);
        await ToldAsync(3 + BatchGatherer.Little);

        Assert.Equal([linger, 2 * linger, linger], time.Pauses);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        void Permit(int count)
        {
            for (var peer = 0; peer < count; peer++)
            {
                report.PermissionInstalled(TransportAddress.Parse($"198.51.100.{peer + 1}:0"), TimeProvider.System.GetUtcNow().AddMinutes(5));
            }
        }

        Task ToldAsync(int events) => RelayFixture.UntilAsync(() => cluster.Events.Count == events, $"{events} events");
    }

    /// <summary>A clock that stands still, on which pauses take no time.</summary>
    private sealed class PausesNoted : TimeProvider
    {
        private readonly long now = TimeProvider.System.GetTimestamp();

        public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

        public override long GetTimestamp() => now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Pauses.Enqueue(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
