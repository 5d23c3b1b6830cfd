using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Relay.Allocations.Limits;

namespace NetDiscovery.Relay.ControlPlane.Leases;

/// <summary>
/// This relay's share of a tenant's bits per second, each direction. The cluster divides the rate by what each relay's clients offer; the share moves
/// within about a second. While the cluster is away the last share holds.
/// </summary>
/// <param name="key">Key of the allowance grain.</param>
internal sealed class RateLease(string key) : Lease(key)
{
    private const long LeastDemand = 64_000;
    private const int QuietSweepsToGiveBack = 5;

    private readonly Policer toPeers = new();
    private readonly Policer toClients = new();
    private LeaseLimit? limit;
    private bool lifted;
    private bool due;
    private long share;
    private long demand;
    private long offeredToPeers;
    private long offeredToClients;
    private int quietSweeps;

    /// <summary>The share, bits per second.</summary>
    public long Share => Volatile.Read(ref share);

    /// <inheritdoc/>
    protected override bool IsEmpty => share == 0 && !due;

    /// <summary>Lets data pass if it is within the share. Allocates nothing.</summary>
    public bool TryPass(int bytes, bool toPeer, long now)
    {
        Interlocked.Add(ref toPeer ? ref offeredToPeers : ref offeredToClients, bytes);
        return (toPeer ? toPeers : toClients).TryPass(bytes, now);
    }

    /// <summary>Takes a stream's data, which can wait; see <see cref="Policer.Charge"/>. Without a share it waits for one.</summary>
    public TimeSpan Charge(int bytes, bool toPeer, long now)
    {
        Interlocked.Add(ref toPeer ? ref offeredToPeers : ref offeredToClients, bytes);
        return (toPeer ? toPeers : toClients).Charge(bytes, now);
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
            return !lifted && share == 0 && limit is not null && (due = true);
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
    protected override void Granted(LeaseGrant grant) => SetShare(grant.Held);

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

    private void SetShare(long bitsPerSecond)
    {
        Volatile.Write(ref share, bitsPerSecond);
        toPeers.SetRate(bitsPerSecond);
        toClients.SetRate(bitsPerSecond);
    }
}
