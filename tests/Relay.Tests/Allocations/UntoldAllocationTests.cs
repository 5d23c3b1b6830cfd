using Microsoft.Extensions.Logging.Abstractions;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Allocations;

/// <summary>
/// What a relay tells of allocations after it was killed before it had told the cluster of their opening: it tells nothing for as long as the cluster is
/// away, or the shard still waits for an answer to what came before.
/// </summary>
public sealed class UntoldAllocationTests
{
    [Fact]
    public async Task Allocation_that_ended_too_is_opened_and_billed()
    {
        await using var relay = StartSilent();
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        await client.AllocateAsync();
        await client.CreatePermissionAsync(peer.Address);
        await client.SendAsync(peer.Address, new byte[100]);
        await peer.ReceiveAsync();
        await client.RefreshAsync(0);
        await RestartAsync(relay);

        await RelayFixture.UntilAsync(() => relay.Server.Services.Reporter.Unconfirmed == 0, "confirmation");
        Assert.Collection(
            relay.Cluster.Events,
            opened => Assert.Equal(1, Assert.IsType<AllocationOpened>(opened).Sequence),
            closed => Assert.Equal((2, 100), (closed.Sequence, Assert.IsType<AllocationClosed>(closed).Totals.BytesToPeer)));
    }

    [Fact]
    public async Task Allocation_that_goes_on_loses_no_event()
    {
        await using var relay = StartSilent();
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        await client.AllocateAsync();
        await client.CreatePermissionAsync(peer.Address);
        await RestartAsync(relay);

        await client.RefreshAsync(0);
        await RelayFixture.UntilAsync(() => relay.Server.Services.Reporter.Unconfirmed == 0, "confirmation");
        var events = relay.Cluster.Events;
        Assert.IsType<AllocationOpened>(events[0]);
        Assert.IsType<PermissionInstalled>(events[1]);
        Assert.IsType<AllocationClosed>(events[^1]);
        Assert.Equal(Enumerable.Range(1, events.Count).Select(number => (long)number), events.Select(told => told.Sequence));
    }

    /// <summary>The fourth is in journals of relays that gave the end the number of the opening; nobody took it for an end.</summary>
    [Theory]
    [InlineData(0, 0, 2)]
    [InlineData(1, 0, 2)]
    [InlineData(4, 0, 5)]
    [InlineData(1, 1, 2)]
    [InlineData(5, 5, 5)]
    public void End_has_a_number_of_its_own(long last, long given, long told)
    {
        using var allocation = new JournaledAllocation();
        (allocation.Slot.Sequence, allocation.Slot.ClosedSequence) = (last, given);
        allocation.Slot.Close(AllocationCloseReason.Deleted, TimeProvider.System.GetUtcNow());
        var (identity, relay) = (allocation.Identity, new RelayIdentity("relay-under-test", "local", Guid.NewGuid()));
        var shard = new EventShard(0, new FakeCluster(), relay, new ControlPlanePacing(), TimeProvider.System, NullLogger.Instance) { Confirmed = _ => { } };
        var report = new AllocationReport(allocation.Slot, identity, claims: null, shard);
        report.Closed();

        var events = new List<ControlEvent>();
        report.Take(relay, TimeProvider.System.GetUtcNow(), events);

        Assert.Equal(told, Assert.IsType<AllocationClosed>(Assert.Single(events)).Sequence);
        Assert.Equal((told, told), (allocation.Slot.Sequence, allocation.Slot.ClosedSequence));
    }

    private static RelayFixture StartSilent()
    {
        var relay = RelayFixture.Start(start: false, restarts: true);
        relay.Linger = TimeSpan.FromHours(1);
        relay.StartServer();
        return relay;
    }

    private static async Task RestartAsync(RelayFixture relay)
    {
        Assert.Empty(relay.Cluster.Events);
        await relay.CrashAsync();
        relay.Linger = TimeSpan.Zero;
        relay.StartServer();
    }
}
