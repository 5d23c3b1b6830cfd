using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.ControlPlane.Leases;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Handlers;

/// <summary>Allocates that wait for the cluster to say whether a place is free. One for each 5-tuple; bounded; belongs to one worker.</summary>
internal sealed class HeldAllocates
{
    /// <summary>Allocates held at once.</summary>
    public const int Capacity = 4_096;

    private readonly Dictionary<Lease, Dictionary<FiveTuple, (HeldRequest Request, Admission Waited)>> byLease = [];

    /// <summary>Allocates held now.</summary>
    public int Count { get; private set; }

    /// <summary>Keeps a copy of a request; the one before it from the same 5-tuple goes.</summary>
    /// <returns>False when there is no room.</returns>
    public bool TryAdd(in Admission admission, ReadOnlySpan<byte> message, in FiveTuple tuple, ClientLeg leg)
    {
        if (!byLease.TryGetValue(admission.Lease!, out var held))
        {
            byLease[admission.Lease!] = held = [];
        }

        if (!held.ContainsKey(tuple))
        {
            if (Count >= Capacity)
            {
                return false;
            }

            Count++;
        }

        held[tuple] = (new HeldRequest(message.ToArray(), tuple, leg), admission);
        return true;
    }

    /// <summary>Takes out all Allocates that wait for a lease.</summary>
    public IReadOnlyCollection<(HeldRequest Request, Admission Waited)> Take(Lease lease)
    {
        if (!byLease.Remove(lease, out var held))
        {
            return [];
        }

        Count -= held.Count;
        return held.Values;
    }
}
