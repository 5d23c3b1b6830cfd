using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Relays;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.TestKit;

namespace NetDiscovery.Grains.Tests.Relays;

[Collection(GrainCluster.Clock)]
public sealed class RelayGrainTests(GrainCluster cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_relay_nobody_knows_is_asked_to_register()
    {
        var relay = new TestRelay(cluster, $"relay-{Guid.NewGuid():N}", "nowhere");
        Assert.True((await relay.BeatAsync()).Register);
        Assert.Null(await relay.Grain.GetAsync());
        await relay.RegisterAsync();
        Assert.False((await relay.BeatAsync()).Register);
        Assert.Equal(relay.Id, (await relay.Grain.GetAsync())!.Announcement.RelayId);
    }

    [Fact]
    public async Task A_heartbeat_of_a_replaced_incarnation_is_asked_to_register_and_confirms_nothing()
    {
        var relay = await cluster.NewRelayAsync();
        await relay.Grain.CommandAsync(new CutAllocation(NewAllocation()));
        var stale = await relay.Grain.HeartbeatAsync(new RelayHeartbeat(Guid.NewGuid(), 0, 0, false, long.MaxValue));
        Assert.True(stale.Register);
        Assert.Empty(stale.Commands);
        Assert.Single((await relay.BeatAsync()).Commands);
    }

    [Fact]
    public async Task Commands_are_repeated_until_confirmed()
    {
        var relay = await cluster.NewRelayAsync();
        var (first, second) = (new CutAllocation(NewAllocation()), new CutAllocation(NewAllocation()));
        Assert.True(await relay.Grain.CommandAsync(first));
        Assert.True(await relay.Grain.CommandAsync(second));
        var commands = (await relay.BeatAsync()).Commands;
        Assert.Equal([first, second], commands.Select(command => command.Command));
        Assert.Equal(commands, (await relay.BeatAsync()).Commands);

        relay.CommandsDone = commands[0].Sequence;
        Assert.Equal([commands[1]], (await relay.BeatAsync()).Commands);
        relay.CommandsDone = commands[1].Sequence;
        Assert.Empty((await relay.BeatAsync()).Commands);
    }

    [Fact]
    public async Task A_draining_relay_hears_of_the_healthy_others_of_its_region_least_loaded_first()
    {
        var relay = await cluster.NewRelayAsync();
        var others = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => cluster.NewRelayAsync(relay.Region)));
        await others[0].BeatAsync(allocations: 50);
        await others[1].BeatAsync(allocations: 10);
        await others[2].BeatAsync(allocations: 20);
        others[3].Draining = true;
        await others[3].BeatAsync();
        await others[4].BeatAsync(allocations: 30);
        await others[5].BeatAsync(allocations: 40);
        await (await cluster.NewRelayAsync()).BeatAsync(); // of another region
        await Eventually.EventuallyAsync(async () => (await relay.Directory.ListAsync()).Length == 6, Patience, "the directory knows all");

        Assert.Empty((await relay.BeatAsync()).Alternatives);
        relay.Draining = true;
        string[] expected = [others[1].Id, others[2].Id, others[4].Id, others[5].Id];
        Assert.Equal(expected, (await relay.BeatAsync()).Alternatives.Select(other => other.RelayId));
    }

    [Fact]
    public async Task A_heartbeat_carries_at_most_256_commands()
    {
        var relay = await cluster.NewRelayAsync();
        await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => relay.Grain.CommandAsync(new CutAllocation(NewAllocation()))));
        var commands = (await relay.BeatAsync()).Commands;
        Assert.Equal(256, commands.Length);
        relay.CommandsDone = commands[^1].Sequence;
        Assert.Equal(44, (await relay.BeatAsync()).Commands.Length);
    }

    [Fact]
    public async Task Commands_and_registration_outlive_silo_and_relay()
    {
        var relay = await cluster.NewRelayAsync();
        var command = new CutAllocation(NewAllocation());
        await relay.Grain.CommandAsync(command);
        await cluster.ForgetAsync(relay.Grain);
        Assert.Equal([command], (await relay.BeatAsync()).Commands.Select(queued => queued.Command));

        relay.Restart();
        await relay.RegisterAsync();
        Assert.Equal([command], (await relay.BeatAsync()).Commands.Select(queued => queued.Command));
    }

    [Fact]
    public async Task Confirmed_commands_are_not_repeated_after_the_activation_ended()
    {
        var relay = await cluster.NewRelayAsync();
        await relay.Grain.CommandAsync(new CutAllocation(NewAllocation()));
        relay.CommandsDone = (await relay.BeatAsync()).Commands[0].Sequence;
        await relay.BeatAsync();
        await cluster.ForgetAsync(relay.Grain);
        Assert.Empty((await relay.BeatAsync()).Commands);
    }

    [Fact]
    public async Task Draining_outlives_silo_and_relay()
    {
        var relay = await cluster.NewRelayAsync();
        await relay.Grain.CommandAsync(new SetDraining(true));
        var queued = (await relay.BeatAsync()).Commands;
        Assert.Equal(new SetDraining(true), Assert.Single(queued).Command);
        (relay.Draining, relay.CommandsDone) = (true, queued[0].Sequence);
        Assert.Empty((await relay.BeatAsync()).Commands);
        await cluster.ForgetAsync(relay.Grain);
        Assert.True((await relay.Grain.GetAsync())!.Draining);

        relay.Restart();
        await relay.RegisterAsync();
        Assert.Equal(new SetDraining(true), Assert.Single((await relay.BeatAsync()).Commands).Command);
        Assert.True((await relay.Grain.GetAsync())!.Draining);
    }

    [Fact]
    public async Task A_relay_that_drains_by_itself_is_not_told_to_stop()
    {
        var relay = await cluster.NewRelayAsync();
        relay.Draining = true;
        Assert.Empty((await relay.BeatAsync()).Commands);
        Assert.True((await relay.Grain.GetAsync())!.Draining);
    }

    [Fact]
    public async Task While_the_store_is_down_commands_are_kept_in_memory_and_stored_later()
    {
        var relay = await cluster.NewRelayAsync();
        cluster.Storage.FailNextWrites("relay", GrainKeys.Relay(relay.Id));
        Assert.True(await relay.Grain.CommandAsync(new CutAllocation(NewAllocation())));
        Assert.Single((await relay.BeatAsync()).Commands);
        Assert.Empty(Stored(relay).Commands);

        cluster.Time.Advance(TimeSpan.FromSeconds(6));
        await relay.BeatAsync();
        await Eventually.EventuallyAsync(() => Stored(relay).Commands.Length == 1, Patience, "the command is stored after a later heartbeat");
    }

    [Fact]
    public async Task A_write_whose_answer_got_lost_does_not_stop_later_ones()
    {
        var relay = await cluster.NewRelayAsync();
        cluster.Storage.FailNextWrites("relay", GrainKeys.Relay(relay.Id), afterStoring: true);
        await relay.Grain.CommandAsync(new CutAllocation(NewAllocation()));
        await relay.Grain.CommandAsync(new CutAllocation(NewAllocation()));
        Assert.Equal(2, Stored(relay).Commands.Length);
    }

    [Fact]
    public async Task Commands_that_come_during_a_write_share_the_next_one()
    {
        var relay = await cluster.NewRelayAsync();
        var key = GrainKeys.Relay(relay.Id);
        var before = cluster.Storage.Writes("relay", key);
        var (reached, release) = cluster.Storage.HoldNextWrite("relay", key);
        var first = relay.Grain.CommandAsync(new CutAllocation(NewAllocation()));
        await reached.WaitAsync(Patience);
        var others = Enumerable.Range(0, 20).Select(_ => relay.Grain.CommandAsync(new CutAllocation(NewAllocation()))).ToList();
        await Eventually.EventuallyAsync(async () => (await relay.BeatAsync()).Commands.Length == 21, Patience, "all commands are queued");

        Assert.DoesNotContain(others, command => command.IsCompleted);
        release.SetResult();
        await Task.WhenAll([first, .. others]).WaitAsync(Patience);
        Assert.Equal(before + 2, cluster.Storage.Writes("relay", key));
    }

    [Fact]
    public async Task A_relay_is_healthy_in_the_directory_for_3_seconds_and_remembered_for_an_hour()
    {
        var relay = await cluster.NewRelayAsync();
        var other = await cluster.NewRelayAsync(relay.Region);
        await relay.BeatAsync(allocations: 7);
        await other.BeatAsync();
        await Eventually.EventuallyAsync(async () => (await relay.Directory.ListAsync()).Length == 2, Patience, "both relays are in the directory");
        Assert.All(await relay.Directory.ListAsync(), status => Assert.True(status.Healthy));
        Assert.Equal(7, Assert.Single(await relay.Directory.ListAsync(), status => status.Announcement.RelayId == relay.Id).Allocations);

        cluster.Time.Advance(TimeSpan.FromSeconds(3.1));
        await other.BeatAsync();
        await Eventually.EventuallyAsync(async () => (await relay.Directory.ListAsync()).Count(status => status.Healthy) == 1, Patience, "the other relay is healthy");
        Assert.False((await relay.Grain.GetAsync())!.Healthy);
        Assert.True((await other.Grain.GetAsync())!.Healthy);

        cluster.Time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(2, (await relay.Directory.ListAsync()).Length);
        cluster.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Empty(await relay.Directory.ListAsync());
    }

    private RelayState Stored(TestRelay relay) => cluster.Storage.Stored<RelayState>("relay", GrainKeys.Relay(relay.Id))!;

    private static AllocationId NewAllocation() => new(Guid.NewGuid());
}
