using System.Diagnostics.CodeAnalysis;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Handlers;
using NetDiscovery.Relay.Handover;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Mobility;
using NetDiscovery.Relay.KernelPath;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Allocations;

/// <summary>The allocations of one worker, by 5-tuple and by id. Touched inside that worker only.</summary>
/// <param name="wheel">The worker's deadlines.</param>
/// <param name="clock">The worker's time.</param>
/// <param name="metrics">Counts openings and endings.</param>
/// <param name="log">Tells of openings and endings.</param>
/// <param name="mobile">Those that may move.</param>
/// <param name="replies">What is answered to an Allocate that comes again after its allocation has moved.</param>
internal sealed class AllocationTable(TimingWheel wheel, WorkerClock clock, RelayMetrics metrics, ClientLog log, MobileAllocations mobile, ReplyMemory replies)
{
    // How long a client whose connection has ended may take to come back with its ticket.
    private const long AwayTicks = 60 * TimingWheel.TicksPerSecond;

    private readonly Dictionary<FiveTuple, Allocation> byTuple = [];
    private readonly Dictionary<AllocationId, Allocation> byId = [];

    /// <summary>The worker's deadlines.</summary>
    public TimingWheel Wheel => wheel;

    /// <summary>Told of everything that ends a channel.</summary>
    public IFastPath FastPath { get; set; } = NoFastPath.Instance;

    /// <summary>Sends and counts what was handled and waits for the end of a batch.</summary>
    public Action Settle { get; init; } = static () => { };

    /// <summary>Live allocations; any thread may read it.</summary>
    public int Count { get; private set; }

    /// <summary>Finds the allocation of a 5-tuple.</summary>
    public bool TryGet(in FiveTuple tuple, [NotNullWhen(true)] out Allocation? allocation) => byTuple.TryGetValue(tuple, out allocation);

    /// <summary>Finds the allocation of a 5-tuple its client has just sent from: data goes there from now on (RFC 8016 §3.2).</summary>
    public bool TryUse(in FiveTuple tuple, [NotNullWhen(true)] out Allocation? allocation)
    {
        if (!byTuple.TryGetValue(tuple, out allocation))
        {
            return false;
        }

        if (allocation.NewPath is { } path && path.Tuple == tuple)
        {
            Switch(allocation, path);
        }

        return true;
    }

    /// <summary>Finds the way back to the client of a 5-tuple.</summary>
    public bool TryGetLeg(in FiveTuple tuple, [NotNullWhen(true)] out ClientLeg? leg)
    {
        leg = byTuple.TryGetValue(tuple, out var allocation) ? allocation.NewPath is { } path && path.Tuple == tuple ? path.Leg : allocation.Leg : null;
        return leg is not null;
    }

    /// <summary>Adds the 5-tuple a client has moved to; one it moved to before and never used is dropped.</summary>
    public void Arrive(Allocation allocation, in FiveTuple tuple, ClientLeg leg)
    {
        if (byTuple.ContainsKey(tuple))
        {
            return;
        }

        Leave(allocation);
        allocation.NewPath = new ClientPath(tuple, leg);
        byTuple.Add(tuple, allocation);
        leg.OnAllocation(open: true);
        if (allocation.Leg is EndedLeg)
        {
            Switch(allocation, allocation.NewPath);
        }
    }

    /// <summary>A client's connection has ended: so does its allocation, unless it may move (RFC 8016), and has not gone already.</summary>
    /// <returns>False when the 5-tuple has no allocation here.</returns>
    public bool OnLegClosed(in FiveTuple tuple)
    {
        if (!byTuple.TryGetValue(tuple, out var allocation))
        {
            return false;
        }

        if (allocation.NewPath is { } path)
        {
            if (path.Tuple == tuple)
            {
                Leave(allocation);
            }
            else
            {
                Switch(allocation, path);
            }
        }
        else if (allocation.Mobile)
        {
            // The 5-tuple may be a stranger's next.
            byTuple.Remove(tuple);
            allocation.Leg = new EndedLeg(tuple.Transport);
            allocation.ExpiresTick = Math.Min(allocation.ExpiresTick, wheel.Now + AwayTicks);
            wheel.Schedule(allocation, Math.Min(allocation.ExpiresTick, allocation.CredentialExpiresTick));
        }
        else
        {
            Close(allocation, AllocationCloseReason.ConnectionClosed);
        }

        return true;
    }

    /// <summary>Finds an allocation by its id.</summary>
    public bool TryGet(AllocationId id, [NotNullWhen(true)] out Allocation? allocation) => byId.TryGetValue(id, out allocation);

    /// <summary>Adds an allocation that is complete, and sets its deadline.</summary>
    public void Add(Allocation allocation)
    {
        byTuple.Add(allocation.FiveTuple, allocation);
        byId.Add(allocation.Id, allocation);
        Count = byId.Count;
        wheel.Schedule(allocation, Math.Min(allocation.ExpiresTick, allocation.CredentialExpiresTick));
        allocation.Leg.OnAllocation(open: true);
        FastPath.OnPlaced(allocation);
        metrics.AllocationOpened(allocation.FiveTuple.Transport);
        log.Opened(allocation);
    }

    /// <summary>Ends an allocation: ports, counters, quota and journal are settled when the method returns. Twice is the same as once.</summary>
    /// <param name="allocation">Which.</param>
    /// <param name="reason">Why.</param>
    /// <param name="tell">False when the caller tells the cluster, after a last message was counted.</param>
    public void Close(Allocation allocation, AllocationCloseReason reason, bool tell = true)
    {
        if (allocation.Closed)
        {
            return;
        }

        allocation.Closed = true;
        Leave(allocation);
        Unmap(allocation, allocation.FiveTuple);
        byId.Remove(allocation.Id);
        mobile.Remove(allocation.Id);
        Count = byId.Count;
        wheel.Cancel(allocation);
        if (allocation.Slot.Unsettled > 0)
        {
            // Before the counters are final.
            Settle();
        }

        FastPath.OnClosing(allocation, IPFamily.None);
        allocation.IPv4?.Dispose();
        allocation.IPv6?.Dispose();
        allocation.Streams?.Dispose();
        allocation.Credential.Tenant.Close(allocation.Credential.Claims.Token);
        allocation.Slot.Close(reason, clock.UtcNow);
        if (tell)
        {
            allocation.Report.Closed();
        }

        metrics.AllocationClosed(allocation.FiveTuple.Transport, reason);
        log.Closed(allocation, reason);
        allocation.Leg.OnAllocation(open: false);
    }

    /// <summary>Ends every allocation for which <paramref name="judge"/> gives a reason.</summary>
    public void CloseWhere(Func<Allocation, AllocationCloseReason?> judge)
    {
        foreach (var allocation in byId.Values.ToArray())
        {
            if (judge(allocation) is { } reason)
            {
                Close(allocation, reason);
            }
        }
    }

    /// <summary>Forgets all allocations and ends none: another process carries them on.</summary>
    /// <returns>Their relayed sockets.</returns>
    public List<HandedSocket> Release()
    {
        var sockets = byId.Values.SelectMany(allocation => new[] { allocation.IPv4, allocation.IPv6 }).OfType<RelayedSocket>().Select(relayed => relayed.Handed).ToList();
        byId.Clear();
        byTuple.Clear();
        Count = 0;
        return sockets;
    }

    private void Switch(Allocation allocation, ClientPath path)
    {
        FastPath.OnClosing(allocation, IPFamily.None);
        if (allocation.FiveTuple != path.Tuple)
        {
            // A client whose connection has ended may come back from the very same port.
            Unmap(allocation, allocation.FiveTuple);
        }

        replies.Add(allocation.FiveTuple, allocation.AllocateTransaction, allocation.AllocateResponse, wheel.Now);
        var old = allocation.Leg;
        (allocation.FiveTuple, allocation.Leg, allocation.NewPath) = (path.Tuple, path.Leg, null);
        old.OnAllocation(open: false);
        allocation.Moved();
        FastPath.OnPlaced(allocation);
    }

    private void Leave(Allocation allocation)
    {
        if (allocation.NewPath is { } path)
        {
            allocation.NewPath = null;
            Unmap(allocation, path.Tuple);
            path.Leg.OnAllocation(open: false);
        }
    }

    private void Unmap(Allocation allocation, in FiveTuple tuple)
    {
        if (byTuple.TryGetValue(tuple, out var mapped) && mapped == allocation)
        {
            byTuple.Remove(tuple);
        }
    }
}

/// <summary>The time of one worker: read from the system once each tick.</summary>
internal sealed class WorkerClock
{
    /// <summary>The present, at most a tick old.</summary>
    public DateTimeOffset UtcNow { get; set; }
}
