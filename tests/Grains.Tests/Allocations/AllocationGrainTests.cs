using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.Tests.Relays;
using NetDiscovery.TestKit;
using Orleans.Core.Internal;
using Orleans.Runtime.Placement;

namespace NetDiscovery.Grains.Tests.Allocations;

public sealed class AllocationGrainTests(GrainCluster cluster)
{
    private readonly TestEvents events = new();

    private IAllocationGrain Grain => cluster.Grain<IAllocationGrain>(GrainKeys.Allocation(events.Id));

    private IAllocationGrain On(int silo) =>
        cluster.Silos.Silos[silo].ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IAllocationGrain>(GrainKeys.Allocation(events.Id));

    [Fact]
    public async Task An_opened_allocation_counts_at_once_under_its_own_keys()
    {
        var opened = events.Opened();
        Assert.True(await Grain.ApplyAsync([opened]));
        Assert.Equal(
            new UsageReport(events.Id.Value, 1, new UsageKeys(events.Tenant, events.Session.ToString(), "label", "eu", "relay-1", "tls"), new UsageTotals { Allocations = 1 }, opened.At),
            Assert.Single(cluster.Ledger.Accepted(events.Id.Value)));
    }

    [Fact]
    public async Task A_life_is_stored_and_billed_exactly()
    {
        Assert.True(await Grain.ApplyAsync([events.Opened(), events.Permission(), events.Channel()]));
        Assert.True(await Grain.ApplyAsync([events.Usage(100), events.Refreshed(), events.Usage(250)]));
        Assert.True(await Grain.ApplyAsync([events.Closed(300)]));

        var allocation = (await Grain.GetAsync())!;
        Assert.Equal((7L, AllocationCloseReason.Deleted), (allocation.Sequence, allocation.CloseReason!.Value));
        Assert.Equal(TestEvents.Totals(300) with { Allocations = 1, AllocationSeconds = 6 }, cluster.Ledger.Total(events.Tenant));
        Assert.Equal(allocation.Totals, cluster.Ledger.Total(events.Tenant));
        Assert.Equal(3, cluster.Storage.Writes("allocation", GrainKeys.Allocation(events.Id)));
    }

    [Fact]
    public async Task A_lost_allocation_ends_at_its_expiry_with_its_last_usage_and_its_relay_may_still_come_back()
    {
        var opened = events.Opened();
        Assert.False(await Grain.CloseLostAsync(opened.ExpiresAt.AddDays(1)));
        Assert.True(await Grain.ApplyAsync([opened, events.Channel(), events.Usage(100)]));
        Assert.False(await Grain.CloseLostAsync(opened.ExpiresAt));
        Assert.True(await Grain.CloseLostAsync(opened.ExpiresAt.AddTicks(1)));
        Assert.False(await Grain.CloseLostAsync(opened.ExpiresAt.AddTicks(1)));

        var lost = (await Grain.GetAsync())!;
        Assert.Equal((opened.ExpiresAt, AllocationCloseReason.RelayLost, 100L, 0), (lost.ClosedAt, lost.CloseReason!.Value, lost.Totals.BytesToPeer, lost.Channels.Length));

        // The journal had more.
        Assert.True(await Grain.ApplyAsync([events.Usage(250)]));
        Assert.Null((await Grain.GetAsync())!.ClosedAt);
        Assert.True(await Grain.ApplyAsync([events.Closed(300, AllocationCloseReason.RelayRestarted)]));
        var ended = (await Grain.GetAsync())!;
        Assert.Equal((AllocationCloseReason.RelayRestarted, 300L), (ended.CloseReason!.Value, ended.Totals.BytesToPeer));
        Assert.Equal(300, cluster.Ledger.Total(events.Tenant).BytesToPeer);
    }

    [Fact]
    public async Task Events_for_an_allocation_nobody_opened_change_nothing()
    {
        events.Opened();
        Assert.False(await Grain.ApplyAsync([events.Usage(5), events.Closed(6)]));
        Assert.Null(await Grain.GetAsync());
        Assert.Empty(cluster.Ledger.Accepted(events.Id.Value));
        Assert.Equal(0, cluster.Storage.Writes("allocation", GrainKeys.Allocation(events.Id)));
    }

    [Fact]
    public async Task The_same_events_many_times_at_once_count_once()
    {
        ImmutableArray<ControlEvent> batch = [events.Opened(), events.Usage(100), events.Usage(200), events.Closed(250)];
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Grain.ApplyAsync(batch)));
        Assert.All(answers, Assert.True);
        Assert.Equal(250, cluster.Ledger.Total(events.Tenant).BytesToPeer);
        Assert.Equal(1, cluster.Ledger.Total(events.Tenant).Allocations);
        Assert.Equal(1, cluster.Storage.Writes("allocation", GrainKeys.Allocation(events.Id)));
    }

    [Fact]
    public async Task When_the_ledger_fails_nothing_is_stored_and_the_repetition_counts_once()
    {
        ImmutableArray<ControlEvent> batch = [events.Opened(), events.Usage(100)];
        cluster.Ledger.FailNext(events.Id.Value);
        await Assert.ThrowsAsync<IOException>(() => Grain.ApplyAsync(batch));
        Assert.Null(await Grain.GetAsync());
        Assert.Equal(0, cluster.Storage.Writes("allocation", GrainKeys.Allocation(events.Id)));

        Assert.True(await Grain.ApplyAsync(batch));
        Assert.Equal(100, cluster.Ledger.Total(events.Tenant).BytesToPeer);
        Assert.Equal(2, (await Grain.GetAsync())!.Sequence);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task When_the_state_write_fails_after_the_ledger_the_repetition_counts_once(bool afterStoring)
    {
        ImmutableArray<ControlEvent> batch = [events.Opened(), events.Usage(100)];
        cluster.Storage.FailNextWrites("allocation", GrainKeys.Allocation(events.Id), afterStoring: afterStoring);
        await Assert.ThrowsAsync<IOException>(() => Grain.ApplyAsync(batch));
        Assert.Equal(afterStoring, await Grain.GetAsync() is not null);
        Assert.Equal(100, cluster.Ledger.Total(events.Tenant).BytesToPeer);

        Assert.True(await Grain.ApplyAsync(batch));
        Assert.True(await Grain.ApplyAsync([events.Usage(130)]));
        Assert.Equal((130L, 1L), (cluster.Ledger.Total(events.Tenant).BytesToPeer, cluster.Ledger.Total(events.Tenant).Allocations));
        await cluster.ForgetAsync(Grain);
        Assert.Equal((3L, 130L), ((await Grain.GetAsync())!.Sequence, (await Grain.GetAsync())!.Totals.BytesToPeer));
    }

    [Fact]
    public async Task A_first_event_that_comes_again_to_an_activation_that_has_not_read_takes_nothing_back()
    {
        ImmutableArray<ControlEvent> first = [events.Opened(), events.Permission()];
        Assert.True(await Grain.ApplyAsync(first));
        Assert.True(await Grain.ApplyAsync([events.Channel(), events.Usage(100)]));
        await cluster.ForgetAsync(Grain);
        Assert.True(await Grain.ApplyAsync([first[0], events.Usage(130)]));

        var allocation = (await Grain.GetAsync())!;
        Assert.Equal((5L, 1, 1, 130L), (allocation.Sequence, allocation.Permissions.Count, allocation.Channels.Length, allocation.Totals.BytesToPeer));
        await cluster.ForgetAsync(Grain);
        Assert.True(await Grain.ApplyAsync([.. first]));
        Assert.Equal(5, (await Grain.GetAsync())!.Sequence);
        Assert.Equal((130L, 1L), (cluster.Ledger.Total(events.Tenant).BytesToPeer, cluster.Ledger.Total(events.Tenant).Allocations));
    }

    [Fact]
    public async Task Who_asks_while_the_first_write_is_under_way_gets_what_is_stored()
    {
        var (reached, release) = cluster.Storage.HoldNextWrite("allocation", GrainKeys.Allocation(events.Id));
        var applying = Grain.ApplyAsync([events.Opened()]);
        await reached.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Null(await Grain.GetAsync());
        release.SetResult();
        Assert.True(await applying);
        Assert.NotNull(await Grain.GetAsync());
        Assert.True(await Grain.ApplyAsync([events.Usage(7)]));
        Assert.Equal(2, cluster.Storage.Writes("allocation", GrainKeys.Allocation(events.Id)));
    }

    [Fact]
    public async Task Asked_through_either_silo_it_says_the_same()
    {
        // Its events come in over there, and yet it is told some here, past its shard's grain: what is held here counts for nothing.
        await PlaceAsync(cluster.Grain<IControlEventGrain>(GrainKeys.Ingest(events.Id)), 1);
        var (here, there) = (On(0), On(1));
        Assert.True(await here.ApplyAsync([events.Opened()]));
        Assert.Equal(1, (await there.GetAsync())!.Sequence);

        // Two activations: neither may go on answering what it read first.
        Assert.True(await here.ApplyAsync([events.Permission()]));
        Assert.Equal(2, (await there.GetAsync())!.Sequence);
        Assert.True(await there.ApplyAsync([events.Channel()]));
        Assert.Equal(3, (await here.GetAsync())!.Sequence);
    }

    [Fact]
    public async Task Where_its_events_come_in_it_answers_from_memory()
    {
        var shard = cluster.Grain<IControlEventGrain>(GrainKeys.Ingest(events.Id));
        await PlaceAsync(shard, 0);
        events.Now = cluster.Time.GetUtcNow().AddYears(1);
        Assert.Empty((await shard.DeliverAsync("relay-1", [events.Opened()])).Unknown);
        Assert.Empty((await shard.DeliverAsync("relay-1", [events.Permission()])).Unknown);
        Assert.Equal(2, (await On(0).GetAsync())!.Sequence);
        Assert.Equal(0, cluster.Storage.Reads("allocation", GrainKeys.Allocation(events.Id)));
        Assert.Equal(2, (await On(1).GetAsync())!.Sequence);
        Assert.Equal(1, cluster.Storage.Reads("allocation", GrainKeys.Allocation(events.Id)));
    }

    [Fact]
    public async Task An_activation_whose_shard_was_elsewhere_meanwhile_trusts_nothing_it_holds()
    {
        var shard = cluster.Grain<IControlEventGrain>(GrainKeys.Ingest(events.Id));
        await PlaceAsync(shard, 0);
        events.Now = cluster.Time.GetUtcNow().AddYears(1);
        Assert.Empty((await shard.DeliverAsync("relay-1", [events.Opened(), events.Usage(10)])).Unknown);
        await PlaceAsync(shard, 1);
        Assert.Empty((await shard.DeliverAsync("relay-1", [events.Usage(20)])).Unknown);
        Assert.Equal((3L, 20L), ((await On(0).GetAsync())!.Sequence, (await On(0).GetAsync())!.Totals.BytesToPeer));
        await PlaceAsync(shard, 0);
        Assert.Equal(3, (await On(0).GetAsync())!.Sequence);
        Assert.Empty((await shard.DeliverAsync("relay-1", [events.Usage(30), events.Closed(40)])).Unknown);
        Assert.Equal((5L, 40L), ((await On(1).GetAsync())!.Sequence, (await On(1).GetAsync())!.Totals.BytesToPeer));
        Assert.Equal((40L, 1L), (cluster.Ledger.Total(events.Tenant).BytesToPeer, cluster.Ledger.Total(events.Tenant).Allocations));
    }

    [Fact]
    public async Task An_allocation_that_another_silo_closed_as_lost_is_not_shown_as_live()
    {
        var shard = cluster.Grain<IControlEventGrain>(GrainKeys.Ingest(events.Id));
        await PlaceAsync(shard, 0);
        events.Now = cluster.Time.GetUtcNow().AddHours(-1);
        var opened = events.Opened();
        Assert.Empty((await shard.DeliverAsync("relay-1", [opened])).Unknown);
        Assert.True(await On(1).CloseLostAsync(opened.ExpiresAt.AddTicks(1)));
        Assert.Equal(AllocationCloseReason.RelayLost, (await On(0).GetAsync())!.CloseReason);

        // Its relay comes back.
        Assert.Empty((await shard.DeliverAsync("relay-1", [events.Usage(50)])).Unknown);
        Assert.Equal((null, 50L), ((await On(1).GetAsync())!.CloseReason, (await On(1).GetAsync())!.Totals.BytesToPeer));
    }

    [Fact]
    public async Task Usage_is_reported_once_for_each_hour_of_a_late_batch()
    {
        ImmutableArray<ControlEvent> first = [events.Opened(), events.Usage(10), events.Usage(20)];
        events.Now = TestEvents.Start.AddHours(1);
        ImmutableArray<ControlEvent> second = [events.Usage(30), events.Usage(40)];
        Assert.True(await Grain.ApplyAsync([.. first, .. second]));
        Assert.Equal([20L, 40L], cluster.Ledger.Accepted(events.Id.Value).Select(report => report.Totals.BytesToPeer));
        Assert.Equal([12, 13], cluster.Ledger.Accepted(events.Id.Value).Select(report => report.ObservedAt.Hour));
    }

    [Fact]
    public async Task An_ended_allocation_stays_known_and_changes_no_more()
    {
        await Grain.ApplyAsync([events.Opened(), events.Closed(9)]);
        await cluster.ForgetAsync(Grain);
        Assert.True(await Grain.ApplyAsync([events.Usage(99)]));
        Assert.Equal(9, (await Grain.GetAsync())!.Totals.BytesToPeer);
        Assert.Equal(9, cluster.Ledger.Total(events.Tenant).BytesToPeer);
    }

    [Fact]
    public async Task Events_of_another_allocation_are_refused()
    {
        var stranger = new TestEvents();
        await Assert.ThrowsAsync<ArgumentException>(() => Grain.ApplyAsync([events.Opened(), stranger.Opened()]));
        Assert.Null(await Grain.GetAsync());
    }

    [Fact]
    public async Task Cutting_reaches_the_relay_while_the_allocation_lives()
    {
        var relay = await cluster.NewRelayAsync();
        var live = new TestEvents { RelayId = relay.Id };
        var grain = cluster.Grain<IAllocationGrain>(GrainKeys.Allocation(live.Id));
        Assert.False(await grain.CutAsync());
        await grain.ApplyAsync([live.Opened()]);
        Assert.True(await grain.CutAsync());
        Assert.True(await grain.CutAsync());
        Assert.Equal(new CutAllocation(live.Id), Assert.Single((await relay.BeatAsync()).Commands).Command);

        await grain.ApplyAsync([live.Closed(0, AllocationCloseReason.Cut)]);
        Assert.False(await grain.CutAsync());
    }

    [Fact]
    public async Task Live_allocations_are_listed_by_tenant_and_session_without_the_long_expired()
    {
        var (tenant, session) = (TenantId.New(), SessionId.New("eu"));
        var soon = cluster.Time.GetUtcNow().AddYears(1);
        var inSession = new TestEvents { Tenant = tenant, Session = session, Now = soon };
        var outside = new TestEvents { Tenant = tenant, Now = soon };
        var ended = new TestEvents { Tenant = tenant, Session = session, Now = soon };
        var abandoned = new TestEvents { Tenant = tenant, Session = session, Now = TestEvents.Start.AddYears(-1) };
        foreach (var one in new[] { inSession, outside, abandoned })
            await cluster.Grain<IAllocationGrain>(GrainKeys.Allocation(one.Id)).ApplyAsync([one.Opened()]);
        await cluster.Grain<IAllocationGrain>(GrainKeys.Allocation(ended.Id)).ApplyAsync([ended.Opened(), ended.Closed(1)]);

        var query = cluster.Silos.Client.GetGrain<IAllocationQueryGrain>(0);
        Assert.Equal([inSession.Id], (await query.ListLiveAsync(tenant, session, null, 10)).Select(allocation => allocation.Id));
        Assert.Equal(2, (await query.ListLiveAsync(tenant, null, null, 10)).Length);
        Assert.Single(await query.ListLiveAsync(tenant, null, null, 1));
    }

    // Has the shard's grain live on that silo from now on.
    private async Task PlaceAsync(IControlEventGrain shard, int silo)
    {
        var target = cluster.Silos.Silos[silo];
        var hosted = target.ServiceProvider.GetRequiredService<HostedShards>();
        await shard.ObserveAsync([]);
        if (hosted.Of(GrainKeys.IngestShard(events.Id)) != 0)
            return;
        RequestContext.Set(IPlacementDirector.PlacementHintKey, target.SiloAddress);
        await shard.AsReference<IGrainManagementExtension>().MigrateOnIdle();
        RequestContext.Clear();
        await Eventually.EventuallyAsync(() => hosted.Of(GrainKeys.IngestShard(events.Id)) != 0, TimeSpan.FromSeconds(60), "the shard's grain has moved");
    }
}
