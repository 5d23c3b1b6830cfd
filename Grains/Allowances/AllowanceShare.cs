using NetDiscovery.Grains.Interfaces.Allowances;

namespace NetDiscovery.Grains.Allowances;

/// <summary>The rules of escrow between regions: outside of the control region an allowance is a share of the one there, which sees this region as it sees a relay.</summary>
internal static class AllowanceShare
{
    // Of the limit, a region asks for this part beyond its need, to go on by itself in a partition. It gets no more than a quarter of what is free.
    private const int ComfortPart = 4;

    /// <summary>What may be leased and used up here: the limit, or the region's share of it.</summary>
    public static long Amount(this AllowanceState state) => state.Share is { } share ? Math.Min(share, state.Limit!.Amount) : state.Limit!.Amount;

    /// <summary>What the region tells the home.</summary>
    /// <param name="state">The state.</param>
    /// <param name="region">This region.</param>
    /// <param name="sequence">Higher than all before.</param>
    public static LeaseStatement ToHome(this AllowanceState state, string region, long sequence)
    {
        var limit = state.Limit!;
        var spent = limit.Kind == LeaseKind.Budget ? state.Spent() : 0;
        var leased = state.Committed() - spent;
        var needed = limit.Kind == LeaseKind.Rate
            ? state.Holders.Values.Sum(holder => holder.Needed)
            : leased + state.Holders.Values.Sum(holder => Math.Max(0, holder.Needed - holder.Held));

        // What relays hold beyond the share is held, whoever was told so: after a restore from a backup, for example.
        return new LeaseStatement(
            RegionHolder.Of(region), RegionHolder.Incarnation(region), sequence, limit, Math.Max(leased, (state.Share ?? 0) - spent), spent, needed, needed + (limit.Amount / ComfortPart));
    }

    /// <summary>Takes over what the home has granted.</summary>
    public static AllowanceState Granted(this AllowanceState state, LeaseStatement said, LeaseGrant grant) => state with { Share = said.Spent + grant.Held };

    /// <summary>Gives back what is not leased to relays.</summary>
    /// <param name="state">The state, after relays have given back.</param>
    /// <param name="keep">What stays all the same.</param>
    public static AllowanceState Shrink(this AllowanceState state, long keep)
    {
        var spent = state.Limit is { Kind: LeaseKind.Budget } ? state.Spent() : 0;
        var share = Math.Max(state.Committed(), spent + keep);
        return share < state.Share ? state with { Share = share } : state;
    }
}
