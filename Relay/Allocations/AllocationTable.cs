using System.Diagnostics.CodeAnalysis;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.Allocations;

/// <summary>The allocations of one worker, by 5-tuple and by id. Touched inside that worker only.</summary>
/// <param name="wheel">The worker's deadlines.</param>
/// <param name="clock">The worker's time.</param>
/// <param name="metrics">Counts openings and endings.</param>
internal sealed class AllocationTable(TimingWheel wheel, WorkerClock clock, RelayMetrics metrics)
{
    private readonly Dictionary<FiveTuple, Allocation> byTuple = [];
    private readonly Dictionary<AllocationId, Allocation> byId = [];

    /// <summary>The worker's deadlines.</summary>
    public TimingWheel Wheel => wheel;

    /// <summary>Live allocations; any thread may read it.</summary>
    public int Count { get; private set; }

    /// <summary>Finds the allocation of a 5-tuple.</summary>
    public bool TryGet(in FiveTuple tuple, [NotNullWhen(true)] out Allocation? allocation) => byTuple.TryGetValue(tuple, out allocation);

    /// <summary>Finds an allocation by its id.</summary>
    public bool TryGet(AllocationId id, [NotNullWhen(true)] out Allocation? allocation) => byId.TryGetValue(id, out allocation);

    /// <summary>Adds an allocation that is complete, and sets its deadline.</summary>
    public void Add(Allocation allocation)
    {
        byTuple.Add(allocation.FiveTuple, allocation);
        byId.Add(allocation.Id, allocation);
        Count = byTuple.Count;
        wheel.Schedule(allocation, Math.Min(allocation.ExpiresTick, allocation.CredentialExpiresTick));
        allocation.Leg.OnAllocation(open: true);
        metrics.AllocationOpened(allocation.FiveTuple.Transport);
    }

    /// <summary>Ends an allocation: ports, counters, quota and journal are settled when the method returns. Twice is the same as once.</summary>
    public void Close(Allocation allocation, AllocationCloseReason reason)
    {
        if (allocation.Closed)
        {
            return;
        }

        allocation.Closed = true;
        byTuple.Remove(allocation.FiveTuple);
        byId.Remove(allocation.Id);
        Count = byTuple.Count;
        wheel.Cancel(allocation);
        allocation.IPv4?.Dispose();
        allocation.IPv6?.Dispose();
        allocation.Streams?.Dispose();
        allocation.Credential.Tenant.Close(allocation.Credential.Claims.Token);
        allocation.Slot.Close(reason, clock.UtcNow);
        allocation.Report.Closed();
        metrics.AllocationClosed(allocation.FiveTuple.Transport, reason);
        allocation.Leg.OnAllocation(open: false);
    }

    /// <summary>Ends every allocation for which <paramref name="judge"/> gives a reason.</summary>
    public void CloseWhere(Func<Allocation, AllocationCloseReason?> judge)
    {
        foreach (var allocation in byTuple.Values.ToArray())
        {
            if (judge(allocation) is { } reason)
            {
                Close(allocation, reason);
            }
        }
    }
}

/// <summary>The time of one worker: read from the system once each tick.</summary>
internal sealed class WorkerClock
{
    /// <summary>The present, at most a tick old.</summary>
    public DateTimeOffset UtcNow { get; set; }
}
