using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>The allocations that by the messages so far must exist, and from where their clients reach them (RFC 8016 §3.2).</summary>
/// <param name="clock">The present.</param>
internal sealed class AllocationModel(FuzzClock clock)
{
    // How long a client whose connection has ended may take to come back with its ticket.
    private const long AwayTicks = 600;
    private readonly List<ModelAllocation> all = [];

    /// <summary>All.</summary>
    public IReadOnlyList<ModelAllocation> All => all;

    /// <summary>A client was told of a new allocation.</summary>
    public void Open(FuzzClient client, ModelAllocation allocation)
    {
        all.Add(allocation);
        client.Allocation = allocation;
    }

    /// <summary>It has ended.</summary>
    public void End(ModelAllocation allocation)
    {
        all.Remove(allocation);
        Leave(allocation);
        if (allocation.Place.Allocation == allocation)
        {
            allocation.Place.Allocation = null;
        }
    }

    /// <summary>Its client has ended it: an Allocate or this request, sent again, is answered as before.</summary>
    public void Delete(FuzzClient client, TransactionId request, ReadOnlySpan<byte> response, ModelAllocation allocation)
    {
        client.Answered(request, response, clock.Tick);
        allocation.Place.Answered(allocation.AllocateTransaction, allocation.AllocateResponse, clock.Tick);
        End(allocation);
    }

    /// <summary>A Refresh with its ticket came from a client without allocation: what it sends counts from now on, what it gets still goes to its former place.</summary>
    public void Arrive(ModelAllocation allocation, FuzzClient client)
    {
        Leave(allocation);
        allocation.Arrived = client;
        client.Allocation = allocation;
        if (allocation.Away)
        {
            Use(client);
        }
    }

    /// <summary>A client sends something that is no Refresh with a ticket: if it has just arrived, it has left its former place.</summary>
    public void Use(FuzzClient client)
    {
        if (client.Allocation is not { } allocation || allocation.Arrived != client)
        {
            return;
        }

        allocation.Place.Answered(allocation.AllocateTransaction, allocation.AllocateResponse, clock.Tick);
        if (allocation.Place != client && allocation.Place.Allocation == allocation)
        {
            allocation.Place.Allocation = null;
        }

        (allocation.Place, allocation.Arrived, allocation.Away) = (client, null, false);
    }

    /// <summary>A client's connection has ended.</summary>
    public void OnLegClosed(FuzzClient client)
    {
        if (client.Allocation is not { } allocation)
        {
            return;
        }

        if (allocation.Arrived == client)
        {
            Leave(allocation);
        }
        else if (allocation.Arrived is { } other)
        {
            Use(other);
        }
        else if (allocation.Mobile)
        {
            allocation.Away = true;
            allocation.Expires = Math.Min(allocation.Expires, clock.Tick + AwayTicks);
            client.Allocation = null;
        }
        else
        {
            End(allocation);
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => all.Clear();

    private static void Leave(ModelAllocation allocation)
    {
        if (allocation.Arrived is { } client)
        {
            client.Allocation = null;
            allocation.Arrived = null;
        }
    }
}
