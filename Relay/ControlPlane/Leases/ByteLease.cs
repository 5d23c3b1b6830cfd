using NetDiscovery.Grains.Interfaces.Allowances;

namespace NetDiscovery.Relay.ControlPlane.Leases;

/// <summary>
/// This relay's part of the bytes a tenant may relay in a month. Spent on the data path by one interlocked subtraction, on any thread; refilled
/// from the cluster long before it is empty. What is not leased can't be spent, so the tenant's limit is never exceeded.
/// </summary>
/// <param name="key">Key of the allowance grain; it names the month.</param>
internal sealed class ByteLease(string key) : Lease(key)
{
    /// <summary>Least bytes to ask for. What is left of a limit below this is granted whole.</summary>
    public const long SmallestPart = 64 * 1024;

    /// <summary>Most bytes held in advance: what a relay that dies may take with it.</summary>
    public const long LargestPart = 64 * 1024 * 1024;

    private LeaseLimit? limit;
    private long left;
    private long granted;
    private long part = SmallestPart;
    private long stated;
    private volatile bool wanted;
    private bool lifted;
    private bool exhausted;
    private bool starved;
    private bool mayAskAgain = true;
    private long seenSpent;
    private int quietSweeps;
    private volatile bool reached;

    /// <summary>True when the month's bytes are used up, on all relays together.</summary>
    public bool Reached => reached;

    /// <summary>Bytes used up by this process.</summary>
    public long Spent
    {
        get
        {
            lock (Gate)
            {
                return granted - Volatile.Read(ref left);
            }
        }
    }

    /// <inheritdoc/>
    protected override bool IsEmpty => Volatile.Read(ref left) == 0 && !wanted;

    /// <summary>Uses up bytes. Allocates nothing.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="ask">True when the caller must have the cluster asked.</param>
    /// <returns>False when the lease does not hold as many; nothing was used.</returns>
    public bool TrySpend(int bytes, out bool ask)
    {
        var have = Volatile.Read(ref left);
        while (have >= bytes)
        {
            var seen = Interlocked.CompareExchange(ref left, have - bytes, have);
            if (seen == have)
            {
                ask = have - bytes < Volatile.Read(ref part) / 2 && WantMore(starving: false);
                return true;
            }

            have = seen;
        }

        ask = WantMore(starving: true);
        return false;
    }

    /// <summary>Takes over the limit; one that is new, or higher, is worth asking again.</summary>
    /// <returns>True when the cluster should hear of it.</returns>
    public bool SetLimit(long? amount, bool soft, long version)
    {
        lock (Gate)
        {
            lifted = amount is null;
            if (amount is not null && (limit is null || limit.Version < version))
            {
                var changed = limit?.Amount != amount || limit?.Soft != soft;
                limit = new LeaseLimit(version, LeaseKind.Budget, amount.Value, soft);
                if (changed)
                {
                    (exhausted, reached, wanted, mayAskAgain) = (false, false, true, true);
                }

                return changed;
            }

            return lifted && Volatile.Read(ref left) > 0;
        }
    }

    /// <inheritdoc/>
    protected override Position? Prepare()
    {
        if (limit is null || (!wanted && !(lifted && Volatile.Read(ref left) > 0) && quietSweeps < 2))
        {
            return null;
        }

        if (lifted || quietSweeps >= 2)
        {
            (wanted, quietSweeps) = (false, 0);
            return GiveBack(0);
        }

        wanted = false;
        var held = Volatile.Read(ref left);
        return Say(held, held + SmallestPart, held + part);
    }

    /// <inheritdoc/>
    protected override Position GiveBack(long keep)
    {
        // The data path goes on spending meanwhile.
        while (true)
        {
            var have = Volatile.Read(ref left);
            var kept = lifted || have < 2 * SmallestPart ? 0 : have / 2;
            if (Interlocked.CompareExchange(ref left, kept, have) == have)
            {
                granted -= have - kept;
                return Say(kept, 0, 0);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Granted(LeaseGrant grant)
    {
        // The statement said what was left then; since then only spending has happened.
        var more = Math.Max(0, grant.Held - stated);
        granted += more;
        Interlocked.Add(ref left, more);
        exhausted = grant.Exhausted;
        reached = exhausted && starved && more == 0;
        starved = false;
    }

    /// <inheritdoc/>
    protected override void Failed() => wanted = true;

    /// <inheritdoc/>
    protected override bool Look()
    {
        var spent = granted - Volatile.Read(ref left);
        var rate = spent - seenSpent;
        seenSpent = spent;

        // Four seconds of what goes through, within bounds and within a sixteenth of the limit.
        part = Math.Clamp(rate * 4, SmallestPart, Math.Clamp((limit?.Amount ?? 0) / 16, SmallestPart, LargestPart));
        quietSweeps = rate == 0 && Volatile.Read(ref left) > 0 ? quietSweeps + 1 : 0;
        mayAskAgain = true;
        return quietSweeps >= 2 || wanted;
    }

    /// <inheritdoc/>
    protected override void Lapsed()
    {
        // What was held counts as spent if the cluster gave up this relay; going on with it exceeds nothing.
    }

    private Position Say(long held, long needed, long wants)
    {
        stated = held;
        return new Position(limit!, held, granted - held, needed, wants);
    }

    private bool WantMore(bool starving)
    {
        if (wanted)
        {
            return false;
        }

        lock (Gate)
        {
            // When nothing is free anywhere, asking each second is enough.
            if (wanted || lifted || limit is null || (exhausted && !mayAskAgain))
            {
                return false;
            }

            starved |= starving;
            mayAskAgain = false;
            return wanted = true;
        }
    }
}
