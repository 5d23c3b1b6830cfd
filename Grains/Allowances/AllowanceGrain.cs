using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Relays;
using Orleans.Concurrency;
using Orleans.Storage;

namespace NetDiscovery.Grains.Allowances;

/// <inheritdoc cref="IAllowanceGrain"/>
/// <remarks>
/// Memory leads; a grant is stored before it is answered, so that whatever dies, the stored state holds at least what relays may use. What relays
/// give back is stored with the next grant: until then the store says too much, and asking the relays corrects it. Reentrant, so that statements
/// share writes and relays can give back while another one waits; each step between awaits is whole.
/// </remarks>
[GrainType("allowance"), Reentrant]
public sealed class AllowanceGrain : Grain, IAllowanceGrain
{
    private readonly IPersistentState<AllowanceState> stored;
    private readonly CoalescedWriter<AllowanceState> writer;
    private readonly TimeProvider time;
    private AllowanceState state = new();
    private AllowanceState durable = new();
    private Task? reclaiming;
    private long reclaims;

    public AllowanceGrain([PersistentState("allowance", StorageNames.Default)] IPersistentState<AllowanceState> stored, TimeProvider time)
    {
        this.stored = stored;
        this.time = time;
        writer = new CoalescedWriter<AllowanceState>(stored, () => state, yields: true, value => durable = value);
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        state = durable = stored.State;
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // Keeps what relays have given back or spent since the last grant; without it the store says too much, which is safe.
        if (ReferenceEquals(state, durable))
            return;
        var keeping = state is { Holders.IsEmpty: true, Retired: 0, ReachedAt: null } ? stored.ClearStateAsync() : SaveAsync();
        await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    public async Task<LeaseGrant> ExchangeAsync(LeaseStatement statement)
    {
        var applied = state.Apply(statement);
        if (ReferenceEquals(applied, state))
        {
            // A later statement came first: only what it says is held counts.
            var known = state.Holders[statement.RelayId];
            return new LeaseGrant(known.Sequence, known.Held, false);
        }

        state = applied;
        if (!Enough(statement))
            await ReclaimAsync(statement.RelayId);
        if (state.Holders.TryGetValue(statement.RelayId, out var holder) && holder.Sequence != statement.Sequence)
            return new LeaseGrant(statement.Sequence, statement.Held, false);

        (state, var held) = state.Grant(statement);
        state = state.NoteReached(time.GetUtcNow());
        if (MustStore())
            await SaveAsync();
        return new LeaseGrant(statement.Sequence, held, held < statement.Needed);
    }

    public Task<AllowanceStatus> GetAsync() => Task.FromResult(new AllowanceStatus(
        state.Limit, state.Holders.Values.Sum(holder => holder.Held), state.Spent(), state.ReachedAt));

    private bool Enough(LeaseStatement statement) => state.Grant(statement).Held >= statement.Needed || state.Limit!.Soft;

    /// <summary>Asks the relays to give back what they don't use. Who comes while they are being asked waits for the next asking: their answers may be from before he came.</summary>
    private async Task ReclaimAsync(string asker)
    {
        var mine = reclaims + (reclaiming is null ? 1 : 2);
        while (reclaims < mine)
        {
            if (reclaiming is null)
            {
                reclaiming = ReclaimOnceAsync(asker);
                await reclaiming;
                reclaiming = null;
                reclaims++;
            }
            else
            {
                await reclaiming;
                await Task.Yield();
            }
        }
    }

    private Task ReclaimOnceAsync(string asker)
    {
        // Who lacks something has nothing to give back, and asking it would make its own question old.
        var isRate = state.Limit!.Kind == LeaseKind.Rate;
        return Task.WhenAll([.. state.Holders
            .Where(holder => isRate ? holder.Key != asker && holder.Value.Held > state.FairShare(holder.Key) : holder.Value.Held > 0 && holder.Value.Held >= holder.Value.Needed)
            .Select(holder => ReclaimFromAsync(holder.Key, holder.Value, isRate ? state.FairShare(holder.Key) : 0))]);
    }

    private async Task ReclaimFromAsync(string relayId, AllowanceHolder before, long keep)
    {
        try
        {
            var answer = await GrainFactory.GetGrain<IRelayGrain>(GrainKeys.Relay(relayId)).ReclaimAsync(this.GetPrimaryKeyString(), keep);
            if (answer.Statement is { } statement)
                state = state.Apply(statement);
            else if (answer.Gone && state.Holders.GetValueOrDefault(relayId) == before)
                state = state.Retire(relayId);
        }
        catch (Exception)
        {
            // Not known means still held.
        }
    }

    private bool MustStore() => state.ReachedAt != durable.ReachedAt || state.Retired != durable.Retired
        || state.Holders.Any(holder => holder.Value.Held > (durable.Holders.GetValueOrDefault(holder.Key)?.Held ?? 0));

    private async Task SaveAsync()
    {
        try
        {
            await writer.SaveAsync();
        }
        catch (InconsistentStateException)
        {
            // Another activation writes too: only what is stored counts, and it is read by the next one.
            DeactivateOnIdle();
            throw;
        }
    }
}
