using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;
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
}
