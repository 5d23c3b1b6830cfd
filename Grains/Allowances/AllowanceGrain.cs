using Microsoft.Extensions.Options;
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
/// share writes and relays can give back while another one waits; each step between awaits is whole. Outside of the control region it is to its home what a
/// relay is to it, but for two things: its share is stored before it is used, and given back only after it is stored that it is less.
/// </remarks>
[GrainType("allowance"), Reentrant]
public sealed class AllowanceGrain : Grain, IAllowanceGrain
{
    private const int AttemptsAtHome = 2;
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AwayFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PartedAfter = TimeSpan.FromSeconds(10);

    private readonly IPersistentState<AllowanceState> stored;
    private readonly CoalescedWriter<AllowanceState> writer;
    private readonly RegionRole role;
    private readonly IAllowanceLinks? links;
    private readonly TimeProvider time;
    private AllowanceState state = new();
    private AllowanceState durable = new();
    private Task? reclaiming;
    private long reclaims;
    private Task? asking;
    private DateTimeOffset askedAt;
    private DateTimeOffset awayUntil;
    private DateTimeOffset? awaySince;

    /// <param name="stored">What is leased.</param>
    /// <param name="role">Whether the home is here.</param>
    /// <param name="time">The clock.</param>
    /// <param name="links">To other regions; null where there is one region.</param>
    public AllowanceGrain(
        [PersistentState("allowance", StorageNames.Default)] IPersistentState<AllowanceState> stored, IOptions<RegionRole> role, TimeProvider time, IAllowanceLinks? links = null)
    {
        this.stored = stored;
        this.role = role.Value;
        this.links = links;
        this.time = time;
        writer = new CoalescedWriter<AllowanceState>(stored, () => state, yields: true, value => durable = value);
    }

    /// <summary>True where this is a share of the limit.</summary>
    private bool IsShare => !role.IsControl && links is not null;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        state = durable = stored.State;

        // A region that has become the control region, or has ceased to be it.
        if (IsShare != (state.Share is not null))
            state = durable = state with { Share = IsShare ? 0 : null };
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // Keeps what relays have given back or spent since the last grant; without it the store says too much, which is safe.
        if (ReferenceEquals(state, durable))
            return;
        var keeping = state is { Holders.IsEmpty: true, Retired: 0, ReachedAt: null, Share: null or 0 } ? stored.ClearStateAsync() : SaveAsync();
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
        if (IsShare)
        {
            await AskHomeAsync(statement);
            ThrowIfUnknown(statement);
        }

        if (state.Holders.TryGetValue(statement.RelayId, out var holder) && holder.Sequence != statement.Sequence)
            return new LeaseGrant(statement.Sequence, statement.Held, false);

        (state, var held) = state.Grant(statement);
        state = state.NoteReached(time.GetUtcNow());
        if (MustStore())
            await SaveAsync();
        return new LeaseGrant(statement.Sequence, held, held < statement.Needed);
    }

    public async Task<LeaseStatement> GiveBackAsync(long keep)
    {
        if (!IsShare || state.Limit is null)
            return new LeaseStatement(RegionHolder.Of(role.Name), RegionHolder.Incarnation(role.Name), NextSequence(), new LeaseLimit(-1, LeaseKind.Slots, 0, false), 0, 0, 0, 0);

        // A rate falls first: what relays are asked to keep follows from it.
        if (state.Limit.Kind == LeaseKind.Rate)
            state = state with { Share = Math.Min(state.Share ?? 0, keep) };
        await ReclaimAsync("");
        state = state.Shrink(keep);
        var statement = state.ToHome(role.Name, NextSequence());
        await SaveAsync();
        return statement;
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

    /// <summary>Asks the home for what is lacking here. Rates are told each second whatever they are: another region may need less now.</summary>
    private async Task AskHomeAsync(LeaseStatement wanting)
    {
        for (var attempt = 0; attempt < AttemptsAtHome && MustAskHome(wanting); attempt++)
        {
            if (asking is { } another)
            {
                await another;
                continue;
            }

            asking = AskHomeOnceAsync();
            await asking;
            asking = null;
        }
    }

    private bool MustAskHome(LeaseStatement wanting)
    {
        var now = time.GetUtcNow();
        var isDue = (state.Limit!.Soft || state.Limit.Kind == LeaseKind.Rate) && now - askedAt >= TellEvery;
        var isOver = state.Holders.IsEmpty && state.Share > 0 && GrainKeys.IsCredentialAllowance(this.GetPrimaryKeyString());
        return now >= awayUntil && (isDue || isOver || !Enough(wanting));
    }

    private async Task AskHomeOnceAsync()
    {
        askedAt = time.GetUtcNow();
        try
        {
            // A credential that nobody uses here any more leaves nothing behind at home.
            if (state.Holders.IsEmpty)
            {
                state = state.Shrink(0);
                await SaveAsync();
            }

            var said = state.ToHome(role.Name, NextSequence());
            var grant = await links!.ExchangeAsync(role.Control!, this.GetPrimaryKeyString(), said.Wanted > 0 && state.Holders.IsEmpty ? said with { Needed = 0, Wanted = 0 } : said);
            awaySince = null;
            if (said.Sequence == state.ShareSequence && grant.Sequence == said.Sequence)
                state = state.Granted(said, grant);
            else if (grant.Sequence > state.ShareSequence)
                state = state with { ShareSequence = grant.Sequence };
        }
        catch (Exception)
        {
            // Within its share the region goes on; beyond it nothing is granted until the home answers.
            var now = time.GetUtcNow();
            awayUntil = now + AwayFor;
            awaySince ??= now;
        }
    }

    /// <summary>The home did not answer, so nobody knows whether there is more: to say that there is not would refuse clients for a moment's disturbance, and end live allocations for a used-up share.</summary>
    /// <exception cref="TimeoutException">The relay goes on with what it holds and asks again. When the home has been away for long, places are refused; bytes never are.</exception>
    private void ThrowIfUnknown(LeaseStatement wanting)
    {
        var isLong = awaySince is { } since && time.GetUtcNow() - since >= PartedAfter;
        if (awaySince is not null && !Enough(wanting) && state.Limit!.Kind switch { LeaseKind.Slots => !isLong, LeaseKind.Budget => true, _ => false })
            throw new TimeoutException($"The region '{role.Control}', where the limit is kept, does not answer.");
    }

    private long NextSequence()
    {
        state = state with { ShareSequence = Math.Max(state.ShareSequence + 1, time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000) };
        return state.ShareSequence;
    }

    private async Task ReclaimFromRegionAsync(string holder, string region, AllowanceHolder before, long keep)
    {
        var statement = links is null ? null : await links.GiveBackAsync(region, this.GetPrimaryKeyString(), keep);
        if (statement is not null)
            state = state.Apply(statement with { Limit = state.Limit! with { Version = -1 } });
        else if (state.Holders.GetValueOrDefault(holder) == before)
            state = state.Retire(holder);
    }

    private async Task ReclaimFromAsync(string relayId, AllowanceHolder before, long keep)
    {
        try
        {
            if (RegionHolder.TryRegion(relayId, out var region))
            {
                await ReclaimFromRegionAsync(relayId, region, before, keep);
                return;
            }

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

    private bool MustStore() => state.ReachedAt != durable.ReachedAt || state.Retired != durable.Retired || state.Share != durable.Share
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
