using System.Collections.Concurrent;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Mobility;

namespace NetDiscovery.Relay.Allocations;

/// <summary>
/// Allocations of an earlier process that wait for their tenant. Whether they go on is not decided, so their clients are answered nothing and ask
/// again: "no such allocation" (437) would end a call that goes on. Safe for many threads; an allocation is in its table before it leaves here.
/// </summary>
internal sealed class AwaitedAllocations
{
    private readonly ConcurrentDictionary<FiveTuple, bool> byTuple = new();
    private readonly ConcurrentDictionary<ulong, bool> byHandle = new();

    /// <summary>Nothing is answered to its client from now on.</summary>
    public void Add(SlotIdentity identity)
    {
        byTuple[TupleOf(identity)] = true;
        byHandle[MobilityTickets.HandleOf(identity.Allocation)] = true;
    }

    /// <summary>It goes on, or has ended.</summary>
    public void Remove(SlotIdentity identity)
    {
        byTuple.TryRemove(TupleOf(identity), out _);
        byHandle.TryRemove(MobilityTickets.HandleOf(identity.Allocation), out _);
    }

    /// <returns>True when the allocation of a 5-tuple waits. Asked inside the worker, after its table.</returns>
    public bool Has(in FiveTuple tuple) => byTuple.ContainsKey(tuple);

    /// <returns>True when the allocation that a ticket names waits. Asked before <see cref="MobileAllocations.Find"/>.</returns>
    public bool HasHandle(ulong handle) => byHandle.ContainsKey(handle);

    private static FiveTuple TupleOf(SlotIdentity identity) => new(identity.Client, identity.Server, identity.Transport);
}
