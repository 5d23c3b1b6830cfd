using NetDiscovery.Grains.Interfaces.Allowances;

namespace NetDiscovery.Grains.Allowances;

/// <summary>The rules of escrow, as functions from state to state.</summary>
internal static class AllowanceChanges
{
    // Of what is free, a relay gets no more than this part for comfort: the rest is there for others without asking anybody to give back.
    private const int ComfortPart = 4;

    /// <summary>Leased or used up: what is not free.</summary>
    public static long Committed(this AllowanceState state) => state.Retired + state.Holders.Values.Sum(holder => holder.Held + holder.Spent);

    /// <summary>Used up.</summary>
    public static long Spent(this AllowanceState state) => state.Retired + state.Holders.Values.Sum(holder => holder.Spent);

    /// <summary>Takes over what a relay says.</summary>
    /// <returns>The state it was given when a later statement has been heard.</returns>
    public static AllowanceState Apply(this AllowanceState state, LeaseStatement said)
    {
        var known = state.Holders.GetValueOrDefault(said.RelayId);
        if (known?.Sequence >= said.Sequence)
            return state;

        if (state.Limit is null || state.Limit.Version <= said.Limit.Version)
            state = state with { Limit = state.Limit == said.Limit ? state.Limit : said.Limit };
        if (known is not null && known.Incarnation != said.Incarnation)
        {
            state = state.Retire(said.RelayId);
            known = null;
        }

        var holder = new AllowanceHolder(said.Incarnation, said.Sequence, said.Held, Math.Max(said.Spent, known?.Spent ?? 0), said.Needed);
        return state with
        {
            Holders = holder is { Held: 0, Spent: 0, Needed: 0 } ? state.Holders.Remove(said.RelayId) : state.Holders.SetItem(said.RelayId, holder),
        };
    }

    /// <summary>Grants what a relay asked for, as far as there is some.</summary>
    /// <returns>The state in which it holds that, and what the relay is to hold.</returns>
    public static (AllowanceState Next, long Held) Grant(this AllowanceState state, LeaseStatement asked)
    {
        if (!state.Holders.TryGetValue(asked.RelayId, out var holder))
            return (state, asked.Held);

        var free = Math.Max(0, state.Amount() - state.Committed());
        var held = state.Limit!.Kind == LeaseKind.Rate
            ? Math.Min(state.FairShare(asked.RelayId), holder.Held + free)
            : holder.Held + Grantable(state.Limit, free, asked.Needed - holder.Held, asked.Wanted - holder.Held);

        // A rate that must fall counts in full until the relay says that it has fallen. A need that was not met is over: who has it is refused.
        var next = holder with { Held = Math.Max(held, holder.Held), Needed = state.Limit.Kind == LeaseKind.Rate ? holder.Needed : Math.Min(holder.Needed, held) };
        return (state with { Holders = state.Holders.SetItem(asked.RelayId, next) }, held);
    }

    /// <summary>Forgets a relay process that is gone. What it held of a budget counts as spent: it may have been.</summary>
    public static AllowanceState Retire(this AllowanceState state, string relayId)
    {
        if (!state.Holders.TryGetValue(relayId, out var gone))
            return state;
        return state with
        {
            Holders = state.Holders.Remove(relayId),
            Retired = state.Retired + (state.Limit!.Kind == LeaseKind.Budget ? gone.Spent + gone.Held : 0),
        };
    }

    /// <summary>Notes for good that a budget is used up.</summary>
    public static AllowanceState NoteReached(this AllowanceState state, DateTimeOffset now) =>
        state is { ReachedAt: null, Limit.Kind: LeaseKind.Budget } && state.Spent() >= state.Limit.Amount ? state with { ReachedAt = now } : state;

    /// <summary>A rate's share: everybody gets what he needs, or as much as anybody gets who wants more (max-min fairness); what nobody needs is divided evenly.</summary>
    public static long FairShare(this AllowanceState state, string relayId)
    {
        var (left, own) = (state.Amount(), 0L);
        var demands = state.Holders.OrderBy(holder => holder.Value.Needed).ToList();
        for (var index = 0; index < demands.Count; index++)
        {
            var share = Math.Min(demands[index].Value.Needed, left / (demands.Count - index));
            own = demands[index].Key == relayId ? share : own;
            left -= share;
        }

        return own + (left / Math.Max(1, demands.Count));
    }

    private static long Grantable(LeaseLimit limit, long free, long needed, long wanted)
    {
        if (limit.Soft)
            return Math.Max(0, wanted);
        return Math.Min(free, Math.Max(0, Math.Max(needed, Math.Min(wanted, free / ComfortPart))));
    }
}
