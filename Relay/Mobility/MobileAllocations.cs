using System.Collections.Concurrent;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.Mobility;

/// <summary>Which worker owns an allocation that may move, and whose it is: a Refresh with its ticket may arrive at any worker. Safe for many threads.</summary>
internal sealed class MobileAllocations
{
    private readonly ConcurrentDictionary<ulong, MobileAllocation> byHandle = new();

    /// <summary>Allocations that may move.</summary>
    public int Count => byHandle.Count;

    /// <summary>Adds an allocation that got a ticket.</summary>
    public void Add(MobileAllocation allocation) => byHandle[MobilityTickets.HandleOf(allocation.Id)] = allocation;

    /// <summary>Forgets an allocation that has ended.</summary>
    public void Remove(AllocationId id) => byHandle.TryRemove(MobilityTickets.HandleOf(id), out _);

    /// <summary>Finds the allocation a ticket names.</summary>
    /// <returns>Null when it has ended.</returns>
    public MobileAllocation? Find(ulong handle) => byHandle.GetValueOrDefault(handle);
}

/// <summary>An allocation that may move.</summary>
/// <param name="Id">Which.</param>
/// <param name="Owner">The worker it stays with.</param>
/// <param name="Username">Whose it is.</param>
internal sealed record MobileAllocation(AllocationId Id, Worker Owner, byte[] Username);
