using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Handlers;

/// <summary>
/// Requests that wait for their tenant's snapshot: whoever sent them has shown its address by a nonce, and may have made up the tenant. Bounded in all,
/// for each source and in size; belongs to one worker.
/// </summary>
internal sealed class HeldRequests
{
    /// <summary>Requests held at once.</summary>
    public const int Capacity = 1024;

    /// <summary>Requests held at once of one source.</summary>
    public const int CapacityPerSource = 64;

    /// <summary>Longest request held, in bytes; no honest one is longer.</summary>
    public const int MaxSize = 2048;

    private readonly Dictionary<TenantId, List<HeldRequest>> byTenant = [];
    private readonly Dictionary<UInt128, int> bySource = [];

    /// <summary>Requests held now.</summary>
    public int Count { get; private set; }

    /// <summary>Keeps a copy of a request; one that is sent again is kept once.</summary>
    /// <returns>False when there is no room.</returns>
    public bool TryAdd(TenantId tenant, ReadOnlySpan<byte> message, in FiveTuple tuple, ClientLeg leg)
    {
        byTenant.TryGetValue(tenant, out var held);
        foreach (var other in held ?? [])
        {
            if (other.Tuple == tuple && message.SequenceEqual(other.Message))
            {
                return true;
            }
        }

        var source = SourcePrefix.Of(tuple.Client);
        var ofSource = bySource.GetValueOrDefault(source);
        if (Count >= Capacity || ofSource >= CapacityPerSource || message.Length > MaxSize)
        {
            return false;
        }

        if (held is null)
        {
            byTenant[tenant] = held = [];
        }

        bySource[source] = ofSource + 1;
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
        foreach (var request in held)
        {
            var source = SourcePrefix.Of(request.Tuple.Client);
            if (--bySource[source] == 0)
            {
                bySource.Remove(source);
            }
        }

        return held;
    }
}

/// <summary>A request that waits.</summary>
/// <param name="Message">A copy of its bytes.</param>
/// <param name="Tuple">Between whom.</param>
/// <param name="Leg">The way back.</param>
internal sealed record HeldRequest(byte[] Message, FiveTuple Tuple, ClientLeg Leg);
