using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Relays;

namespace NetDiscovery.Grains.Tests.Relays;

public sealed class CommandQueueTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Sequences_grow_even_when_the_clock_stands_or_goes_back()
    {
        var state = Queue(new CutAllocation(NewAllocation()), new CutAllocation(NewAllocation()));
        state = state.Enqueue(new CutAllocation(NewAllocation()), Now.AddDays(-1))!;
        Assert.Equal(state.Commands.Select(command => command.Sequence).Distinct().Order(), state.Commands.Select(command => command.Sequence));
        Assert.Equal(state.LastSequence, state.Commands[^1].Sequence);
    }

    [Fact]
    public void An_activation_that_lost_unstored_commands_repeats_none_of_their_sequences()
    {
        var lost = Queue(new CutAllocation(NewAllocation()), new CutAllocation(NewAllocation()));
        var reborn = new RelayState().Enqueue(new CutAllocation(NewAllocation()), Now.AddSeconds(1))!;
        Assert.True(reborn.Commands[0].Sequence > lost.LastSequence);
    }

    [Fact]
    public void A_refresh_takes_the_place_of_the_tenants_older_one_under_a_new_sequence_and_the_higher_version()
    {
        var (tenant, other) = (TenantId.New(), TenantId.New());
        var state = Queue(new RefreshTenant(tenant, 5), new RefreshTenant(other, 1), new RefreshTenant(tenant, 4));
        Assert.Equal([new RefreshTenant(other, 1), new RefreshTenant(tenant, 5)], state.Commands.Select(command => command.Command));
        Assert.Equal(state.LastSequence, state.Commands[1].Sequence);
    }

    [Fact]
    public void A_cut_of_the_same_allocation_is_queued_once()
    {
        var allocation = NewAllocation();
        var state = Queue(new CutAllocation(allocation));
        Assert.Same(state, state.Enqueue(new CutAllocation(allocation), Now));
    }

    [Fact]
    public void The_last_wish_about_draining_counts()
    {
        var state = Queue(new SetDraining(true), new CutAllocation(NewAllocation()), new SetDraining(false));
        Assert.False(state.Draining);
        Assert.Equal(new SetDraining(false), Assert.Single(state.Commands, command => command.Command is SetDraining).Command);
    }

    [Fact]
    public void A_full_queue_refuses_all_but_draining_and_renewed_refreshes()
    {
        var tenant = TenantId.New();
        var state = Queue(new RefreshTenant(tenant, 1));
        while (state.Enqueue(new CutAllocation(NewAllocation()), Now) is { } next)
            state = next;

        Assert.Equal(CommandQueue.Max, state.Commands.Length);
        Assert.Null(state.Enqueue(new RefreshTenant(TenantId.New(), 1), Now));
        Assert.NotNull(state.Enqueue(new RefreshTenant(tenant, 2), Now));
        Assert.NotNull(state.Enqueue(new SetDraining(true), Now));
    }

    [Fact]
    public void Confirming_drops_what_is_done_and_nothing_else()
    {
        var state = Queue(new CutAllocation(NewAllocation()), new CutAllocation(NewAllocation()), new CutAllocation(NewAllocation()));
        var second = state.Commands[1].Sequence;
        Assert.Equal([state.Commands[2]], state.Confirm(second).Commands);
        Assert.Same(state, state.Confirm(0));
        Assert.Empty(state.Confirm(long.MaxValue).Commands);
    }

    private static RelayState Queue(params RelayCommand[] commands) =>
        commands.Aggregate(new RelayState(), (state, command) => state.Enqueue(command, Now)!);

    private static AllocationId NewAllocation() => new(Guid.NewGuid());
}
