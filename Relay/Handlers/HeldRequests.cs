using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Handlers;

/// <summary>Requests that wait for their tenant's snapshot: whoever sent them has shown its address by a nonce. Bounded; belongs to one worker.</summary>
internal sealed class HeldRequests
{
    /// <summary>Requests held at once.</summary>
    public const int Capacity = 1024;

    private readonly Dictionary<TenantId, List<HeldRequest>> byTenant = [];

    /// <summary>Requests held now.</summary>
    public int Count { get; private set; }

    /// <summary>Keeps a copy of a request; one that is sent again is kept once.</summary>
    /// <returns>False when there is no room.</returns>
    public bool TryAdd(TenantId tenant, ReadOnlySpan<byte> message, in FiveTuple tuple, ClientLeg leg)
    {
        if (!byTenant.TryGetValue(tenant, out var held))
        {
            byTenant[tenant] = held = [];
        }

        foreach (var other in held)
        {
            if (other.Tuple == tuple && message.SequenceEqual(other.Message))
            {
                return true;
            }
        }

        if (Count >= Capacity)
        {
            return false;
        }

        held.Add(new HeldRequest(message.ToArray(), tuple, leg));
        Count++;
        return true;
    }

    /// <summary>Takes out all requests of a tenant.</summary>
    public IReadOnlyList<HeldRequest> Take(TenantId tenant)
    {
        if (!byTenant.Remove(tenant, out var held))
        {
            return [];
        }

        Count -= held.Count;
        return held;
    }
}

/// <summary>A request that waits.</summary>
/// <param name="Message">A copy of its bytes.</param>
/// <param name="Tuple">Between whom.</param>
/// <param name="Leg">The way back.</param>
internal sealed record HeldRequest(byte[] Message, FiveTuple Tuple, ClientLeg Leg);
