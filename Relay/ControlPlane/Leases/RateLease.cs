using System.Diagnostics;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Relay.Allocations.Limits;

namespace NetDiscovery.Relay.ControlPlane.Leases;

/// <summary>
/// This relay's share of a tenant's bits per second, each direction. The cluster divides the rate by what each relay's clients offer; the share moves
/// within about a second. While the cluster is away the last share holds. A share that was given back because nothing came is asked for again by the
/// first data; until the answer, which takes milliseconds, a small rate passes, so that no call begins with lost data.
/// </summary>
/// <param name="key">Key of the allowance grain.</param>
internal sealed class RateLease(string key) : Lease(key)
{
    // What is asked for before anything is known of the demand, and what passes until that is answered: two directions of speech.
    private const long LeastDemand = 64_000;
    private const int QuietSweepsToGiveBack = 5;

    private readonly Policer toPeers = Policer.OfBytes();
    private readonly Policer toClients = Policer.OfBytes();
    private LeaseLimit? limit;
    private bool lifted;
    private bool due;
    private long share;
    private long demand;
    private long offeredToPeers;
    private long offeredToClients;
    private int quietSweeps;
    private bool answered;
    private long wokenAt = -Stopwatch.Frequency;

    /// <summary>The share, bits per second.</summary>
    public long Share => Volatile.Read(ref share);

    /// <inheritdoc/>
    protected override bool IsEmpty => share == 0 && !due;

    /// <summary>Lets data pass if it is within the share. Allocates nothing.</summary>
    /// <param name="bytes">Application bytes.</param>
    /// <param name="toPeer">Direction.</param>
    /// <param name="now"><see cref="Stopwatch.GetTimestamp"/>.</param>
    /// <param name="ask">True when the caller must have the cluster asked: there is data and no share.</param>
    public bool TryPass(int bytes, bool toPeer, long now, out bool ask)
    {
        Offer(bytes, toPeer, now, out ask);
        return (toPeer ? toPeers : toClients).TryPass(bytes, now);
    }

    /// <summary>Takes a stream's data, which can wait; see <see cref="Policer.Charge"/>. Without a share it waits for one.</summary>
    public TimeSpan Charge(int bytes, bool toPeer, long now, out bool ask)
    {
        Offer(bytes, toPeer, now, out ask);
        return Volatile.Read(ref share) == 0 ? Timeout.InfiniteTimeSpan : (toPeer ? toPeers : toClients).Charge(bytes, now);
    }

    /// <summary>Takes over the limit.</summary>
    /// <returns>True when the cluster should hear of it.</returns>
    public bool SetLimit(long? bitsPerSecond, long version)
    {
        lock (Gate)
        {
            lifted = bitsPerSecond is null;
            if (bitsPerSecond is not null && (limit is null || limit.Version < version))
            {
                due |= limit?.Amount != bitsPerSecond;
                limit = new LeaseLimit(version, LeaseKind.Rate, bitsPerSecond.Value, false);
                SetShare(Math.Min(share, limit.Amount));
            }

            return due || (lifted && share > 0);
        }
    }

    /// <summary>An allocation begins: its first packets must find a share.</summary>
    /// <returns>True when the cluster must be asked.</returns>
    public bool Begin()
    {
        lock (Gate)
        {
            if (lifted || share > 0 || limit is null)
            {
                return false;
            }

            // Not quiet any more: or the next statement would give back what it is to ask for.
            quietSweeps = 0;
            return due = true;
        }
    }

    /// <inheritdoc/>
    protected override Position? Prepare()
    {
        if (limit is null || (!due && !(lifted && share > 0)))
        {
            return null;
        }

        due = false;
        if (lifted || quietSweeps >= QuietSweepsToGiveBack)
        {
            answered = false;
            SetShare(0);
            demand = 0;
            return new Position(limit, 0, 0, 0, 0);
        }

        demand = Math.Max(demand, Math.Min(LeastDemand, limit.Amount));
        return new Position(limit, share, 0, demand, limit.Amount);
    }

    /// <inheritdoc/>
    protected override Position GiveBack(long keep)
    {
        SetShare(Math.Min(share, keep));
        return new Position(limit!, share, 0, demand, limit!.Amount);
    }

    /// <inheritdoc/>
    protected override void Granted(LeaseGrant grant)
    {
        // The answer to giving back says nothing of what could be had.
        answered = demand > 0;
        SetShare(grant.Held);
    }

    /// <inheritdoc/>
    protected override void Failed() => due = true;

    /// <inheritdoc/>
    protected override bool Look()
    {
        var bytes = Math.Max(Interlocked.Exchange(ref offeredToPeers, 0), Interlocked.Exchange(ref offeredToClients, 0));
        quietSweeps = bytes == 0 ? quietSweeps + 1 : 0;
        var before = demand;
        demand = bytes == 0 ? Math.Min(demand, LeastDemand) : Math.Min(limit?.Amount ?? 0, bytes * 8 * 5 / 4);

        // Worth saying: a tenth more or less than before, or more than the share.
        due |= share > 0 && (Math.Abs(demand - before) > before / 10 || demand > share || quietSweeps == QuietSweepsToGiveBack);
        return due;
    }

    /// <inheritdoc/>
    protected override void Lapsed() => due = share > 0;

    // Without a share, data asks for one, once a second at most: all of it may be with other relays, which give it back as their data lets them.
    private void Offer(int bytes, bool toPeer, long now, out bool ask)
    {
        Interlocked.Add(ref toPeer ? ref offeredToPeers : ref offeredToClients, bytes);
        var last = Volatile.Read(ref wokenAt);
        ask = Volatile.Read(ref share) == 0 && now - last >= Stopwatch.Frequency && Interlocked.CompareExchange(ref wokenAt, now, last) == last && Begin();
    }

    private void SetShare(long bitsPerSecond)
    {
        Volatile.Write(ref share, bitsPerSecond);
        var passes = answered ? bitsPerSecond : Math.Max(bitsPerSecond, Math.Min(LeastDemand, limit?.Amount ?? 0));
        toPeers.SetBitRate(passes);
        toClients.SetBitRate(passes);
    }
}
