using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Usage;
using Orleans.Placement;

namespace NetDiscovery.Grains.Allocations;

/// <inheritdoc cref="IAllocationGrain"/>
/// <remarks>Ledger first, then state: after a crash between the two the relay sends the events again, and the ledger counts them once.</remarks>
[GrainType("allocation"), PreferLocalPlacement]
public sealed partial class AllocationGrain : Grain, IAllocationGrain
{
    private readonly CommittedState<AllocationState> state;
    private readonly Retirement retirement;
    private readonly ILogger<AllocationGrain> logger;

    public AllocationGrain(
        [PersistentState("allocation", StorageNames.Allocations)] IPersistentState<AllocationState> stored, ILogger<AllocationGrain> logger)
    {
        state = new CommittedState<AllocationState>(stored);
        retirement = new Retirement(this, () => AllocationTransitions.Phase(state.Value.Allocation) != AllocationPhase.Live);
        this.logger = logger;
    }

    private AllocationId Id => GrainKeys.AllocationOf(this.GetPrimaryKeyString());

    public async Task<bool> ApplyAsync(ImmutableArray<ControlEvent> events)
    {
        var before = state.Value.Allocation;
        var current = before;
        var reports = new List<UsageReport>();
        foreach (var happened in events)
        {
            if (happened.Allocation != Id)
                throw new ArgumentException("The events are of another allocation.", nameof(events));

            (current, var outcome) = AllocationTransitions.Apply(current, happened);
            switch (outcome)
            {
                case TransitionOutcome.NeedsOpening:
                    retirement.Consider();
                    return false;
                case TransitionOutcome.AfterEnd:
                    EventAfterEnd(Id, happened.GetType().Name, happened.Sequence);
                    break;
                case TransitionOutcome.Applied when AllocationUsage.IsBilled(happened):
                    AllocationUsage.AddTo(reports, AllocationUsage.Report(current!, happened.At));
                    break;
            }
        }

        if (reports.Count > 0)
            await GrainFactory.GetGrain<IUsageGrain>(GrainKeys.Usage(current!.Tenant, Id.Value)).RecordAsync([.. reports]);
        if (!ReferenceEquals(current, before))
            await state.ChangeAsync(stored => (Newer(stored, current!), true));
        retirement.Consider();
        return true;
    }

    public Task<Allocation?> GetAsync()
    {
        retirement.Consider();
        return Task.FromResult(state.Value.Allocation);
    }

    public async Task<bool> CutAsync()
    {
        retirement.Consider();
        if (state.Value.Allocation is not { ClosedAt: null } live)
            return false;
        if (!await GrainFactory.GetGrain<IRelayGrain>(GrainKeys.Relay(live.RelayId)).CommandAsync(new CutAllocation(Id)))
            throw new InvalidOperationException($"Relay {live.RelayId} takes no commands.");
        return true;
    }

    public async Task<bool> CloseLostAsync(DateTimeOffset expiredBefore)
    {
        var closed = await state.ChangeAsync(stored => stored.Allocation is { ClosedAt: null } live && live.ExpiresAt < expiredBefore
            ? (new AllocationState { Allocation = LostAllocation.Close(live) }, true)
            : (stored, false));
        retirement.Consider();
        return closed;
    }

    // Another activation may have gone further meanwhile: a newer state is never overwritten by an older one.
    private static AllocationState Newer(AllocationState stored, Allocation applied) =>
        stored.Allocation is { } known && known.Sequence >= applied.Sequence ? stored : new AllocationState { Allocation = applied };
}
