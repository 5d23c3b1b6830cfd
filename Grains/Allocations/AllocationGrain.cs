using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Usage;
using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Storage;

namespace NetDiscovery.Grains.Allocations;

/// <inheritdoc cref="IAllocationGrain"/>
/// <remarks>
/// Ledger first, then state: after a crash between the two the relay sends the events again, and the ledger counts them once. The ledger is asked
/// directly: it gathers the reports of all grains of the silo by itself.
/// Each lives where it is called (<see cref="AllocationDirectory"/>). What an activation holds counts as long as the grain of its ingest shard, through which
/// all its events come, has been on this silo without a break; otherwise it asks the store.
/// </remarks>
[GrainType("allocation"), PreferLocalPlacement, GrainDirectory(AllocationDirectory.Name)]
public sealed partial class AllocationGrain : Grain, IAllocationGrain
{
    /// <summary>The name its state is stored under.</summary>
    public const string StateName = "allocation";

    private readonly LazyState<AllocationState> state;
    private readonly IUsageLedger ledger;
    private readonly HostedShards hosted;
    private readonly TimeProvider time;
    private readonly ILogger<AllocationGrain> logger;
    private readonly int shard;
    private Retirement? retirement;
    private long activation;

    public AllocationGrain(
        [FromKeyedServices(StorageNames.Allocations)] IGrainStorage storage, IUsageLedger ledger, HostedShards hosted, TimeProvider time, ILogger<AllocationGrain> logger)
    {
        state = new LazyState<AllocationState>(storage, GrainContext);
        this.ledger = ledger;
        this.hosted = hosted;
        this.time = time;
        this.logger = logger;
        shard = GrainKeys.IngestShard(Id);
    }

    private AllocationId Id => GrainKeys.AllocationOf(this.GetPrimaryKeyString());

    // The activation of the shard's grain on this silo; 0 = it is elsewhere, and may have told another activation of this allocation what this one has not heard.
    private long ShardActivation => hosted.Of(shard);

    private bool HasHeardAll => activation != 0 && activation == ShardActivation;

    public async Task<bool> ApplyAsync(ImmutableArray<ControlEvent> events)
    {
        ForgetUnlessLatest();

        // A first event is news, but for repetitions, and those meet the row when they are written.
        var before = (events is [AllocationOpened, ..] ? state.Known : await state.ReadAsync()).Allocation;
        var reports = new List<UsageReport>();
        if (Apply(before, events, reports) is not { } applied)
        {
            RestOrRetire();
            return false;
        }

        if (reports.Count > 0)
            await ledger.ApplyAsync(reports);
        if (!ReferenceEquals(applied, before))
        {
            var now = await state.ChangeAsync(stored => ReferenceEquals(stored.Allocation, before)
                ? new AllocationState { Allocation = applied }
                : Again(stored, applied, events));
            if (ReferenceEquals(now.Allocation, applied) && AllocationTransitions.Phase(applied) == AllocationPhase.Ended)
            {
                // Nobody has anything more to tell of it; who asks reads the store.
                DeactivateOnIdle();
                return true;
            }
        }

        RestOrRetire();
        return true;
    }

    public async Task<Allocation?> GetAsync()
    {
        // One that should have expired may have been closed by another silo, which nobody told this one.
        var allocation = HasHeardAll && state.Known.Allocation is { ClosedAt: null } live && live.ExpiresAt > time.GetUtcNow() ? live : (await state.LookAsync()).Allocation;
        RestOrRetire();
        return allocation;
    }

    public async Task<bool> CutAsync()
    {
        var allocation = await GetAsync();
        if (allocation is not { ClosedAt: null } live)
            return false;
        if (!await GrainFactory.GetGrain<IRelayGrain>(GrainKeys.Relay(live.RelayId)).CommandAsync(new CutAllocation(Id)))
            throw new InvalidOperationException($"Relay {live.RelayId} takes no commands.");
        return true;
    }

    public async Task<bool> CloseLostAsync(DateTimeOffset expiredBefore)
    {
        ForgetUnlessLatest();
        await state.ReadAsync();
        var closed = false;
        await state.ChangeAsync(stored =>
        {
            closed = stored.Allocation is { ClosedAt: null } live && live.ExpiresAt < expiredBefore;
            return closed ? new AllocationState { Allocation = LostAllocation.Close(stored.Allocation!) } : stored;
        });
        RestOrRetire();
        return closed;
    }

    // Another activation has stored something meanwhile, or the events are a repetition: what is stored decides, and is never overwritten by what is older.
    private AllocationState Again(AllocationState stored, Allocation applied, ImmutableArray<ControlEvent> events)
    {
        if (stored.Allocation is null)
            return new AllocationState { Allocation = applied };
        var next = Apply(stored.Allocation, events, reports: null);
        return ReferenceEquals(next, stored.Allocation) ? stored : new AllocationState { Allocation = next };
    }

    /// <returns>Null when the events start later than the allocation.</returns>
    private Allocation? Apply(Allocation? current, ImmutableArray<ControlEvent> events, List<UsageReport>? reports)
    {
        foreach (var happened in events)
        {
            if (happened.Allocation != Id)
                throw new ArgumentException("The events are of another allocation.", nameof(events));

            (current, var outcome) = AllocationTransitions.Apply(current, happened);
            switch (outcome)
            {
                case TransitionOutcome.NeedsOpening:
                    return null;
                case TransitionOutcome.AfterEnd when reports is not null:
                    EventAfterEnd(Id, happened.GetType().Name, happened.Sequence);
                    break;
                case TransitionOutcome.Applied when reports is not null && AllocationUsage.IsBilled(happened):
                    AllocationUsage.AddTo(reports, AllocationUsage.Report(current!, happened.At));
                    break;
            }
        }

        return current;
    }

    // Never while something is being stored: calls that store take turns.
    private void ForgetUnlessLatest()
    {
        if (HasHeardAll)
            return;
        state.Forget();
        activation = ShardActivation;
    }

    // A live allocation waits, packed, for what happens next; one that has ended, never was, or is heard of elsewhere, leaves.
    private void RestOrRetire()
    {
        if (IsOver())
            (retirement ??= new Retirement(this, IsOver)).Consider();
        else
            state.Rest();

        bool IsOver() => !HasHeardAll || AllocationTransitions.Phase(state.Known.Allocation) != AllocationPhase.Live;
    }
}
