using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allowances;

namespace NetDiscovery.Relay.ControlPlane.Leases;

/// <summary>How asking for a place ended.</summary>
internal enum SlotStatus
{
    /// <summary>It is taken; give it back with <see cref="SlotLease.Return"/>.</summary>
    Taken,

    /// <summary>All places are in use, on whatever relay.</summary>
    Exhausted,

    /// <summary>The cluster is being asked: come again when <see cref="LeaseBook.Answered"/> tells of this lease.</summary>
    Pending,

    /// <summary>The cluster did not answer.</summary>
    Unavailable,
}

/// <summary>
/// Places for allocations: of a tenant, or of one credential. Counts what is in use whether there is a limit or not, so that a limit that comes later
/// finds the truth.
/// </summary>
/// <param name="key">Key of the allowance grain.</param>
internal sealed class SlotLease(string key) : Lease(key)
{
    private LeaseLimit? limit;
    private bool limited;
    private int used;
    private long held;
    private long pending;
    private bool comfortWanted;
    private bool claims;
    private int idleSweeps;
    private long exhaustedRound = -1;
    private long failedRound = -1;

    /// <summary>Whose credential the places are for; null when they are the tenant's.</summary>
    public TokenId? Credential { get; init; }

    /// <summary>The limit that <see cref="Credential"/> itself carries.</summary>
    public int? Scope { get; init; }

    /// <summary>The tenant of <see cref="Credential"/>.</summary>
    public TenantEntry? Tenant { get; init; }

    /// <summary>Places in use here.</summary>
    public int Used => Volatile.Read(ref used);

    /// <inheritdoc/>
    protected override bool IsEmpty => held == 0 && used == 0 && pending == 0;

    /// <summary>Takes a place, when one is free within the lease; otherwise the cluster has to be asked.</summary>
    /// <param name="amount">The limit; null = none.</param>
    /// <param name="version">Version of the policy that says so.</param>
    /// <param name="inForce">False while the cluster has not heard of this relay for too long: free places may be somebody else's.</param>
    /// <param name="waited">The question that was waited for, as <paramref name="round"/> told; <see cref="long.MaxValue"/> the first time.</param>
    /// <param name="round">Set for <see cref="SlotStatus.Pending"/>: the question to wait for.</param>
    /// <param name="ask">True when the caller must have the cluster asked.</param>
    public SlotStatus TryTake(long? amount, long version, bool inForce, long waited, out long round, out bool ask)
    {
        lock (Gate)
        {
            (round, ask) = (0, false);
            SetLimit(amount, version);
            if (!limited || (used < held && inForce))
            {
                used++;
                if (limited && held - used < Comfort / 2 && !comfortWanted)
                {
                    ask = comfortWanted = true;
                }

                return SlotStatus.Taken;
            }

            if (amount == 0 || waited <= exhaustedRound)
            {
                return SlotStatus.Exhausted;
            }

            if (waited <= failedRound)
            {
                return SlotStatus.Unavailable;
            }

            // A question under way may have been answered before this came.
            pending++;
            (round, ask) = (Round + 1, true);
            return SlotStatus.Pending;
        }
    }

    /// <summary>Takes a place for an allocation that lives already: one that outlived its relay's process.</summary>
    public void Adopt()
    {
        lock (Gate)
        {
            used++;
        }
    }

    /// <summary>Gives a place back to the lease.</summary>
    public void Return()
    {
        lock (Gate)
        {
            used--;
        }
    }

    /// <summary>A limit that was lifted gives everything back; one that came claims what is in use.</summary>
    /// <returns>True when the cluster should hear of it.</returns>
    public bool SetLimit(long? amount, long version)
    {
        lock (Gate)
        {
            limited = amount is not null;
            if (limited && (limit is null || limit.Version < version))
            {
                exhaustedRound = limit?.Amount == amount ? exhaustedRound : -1;
                limit = new LeaseLimit(version, LeaseKind.Slots, amount!.Value, false);
            }

            return limited ? held < used : held > 0;
        }
    }

    /// <inheritdoc/>
    protected override Position? Prepare()
    {
        if (limit is null)
        {
            return null;
        }

        if (!limited)
        {
            (var before, held, pending, comfortWanted) = (held, 0, 0, false);
            return before > 0 ? new Position(limit, 0, 0, 0, 0) : null;
        }

        var givesBack = idleSweeps > 1;
        if (pending == 0 && !comfortWanted && !givesBack && !claims && held >= used)
        {
            return null;
        }

        var needed = used + pending;
        var comfort = Comfort;
        held = Math.Max(used, givesBack ? Math.Min(held, needed + comfort) : held);
        (pending, comfortWanted, claims, idleSweeps) = (0, false, false, 0);
        return new Position(limit, held, 0, needed, needed + comfort);
    }

    /// <inheritdoc/>
    protected override Position GiveBack(long keep)
    {
        held = used;
        return new Position(limit!, held, 0, held, held);
    }

    /// <inheritdoc/>
    protected override void Granted(LeaseGrant grant)
    {
        held = Math.Max(grant.Held, used);
        if (grant.Exhausted)
        {
            exhaustedRound = Round;
        }
    }

    /// <inheritdoc/>
    protected override void Failed() => failedRound = Round;

    /// <inheritdoc/>
    protected override bool Look()
    {
        var idle = held - used;
        idleSweeps = idle > 2 * Comfort && idle > 0 ? idleSweeps + 1 : 0;
        return idleSweeps > 1 || idle < 0 || (!limited && held > 0);
    }

    /// <inheritdoc/>
    protected override void Lapsed()
    {
        // What lives is claimed, even where its place was given to somebody else meanwhile: live calls are not cut for it.
        held = Math.Min(held, used);
        claims = used > 0;
    }

    // Places asked for beyond need, so that the next clients need not wait. None where places are few: they may be needed elsewhere.
    private long Comfort => limit is null ? 0 : Math.Min(limit.Amount / 32, Math.Max(16, used / 4));
}
