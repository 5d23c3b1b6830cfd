using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Mobility;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Handlers;

/// <summary>
/// Refresh with a MOBILITY-TICKET from a 5-tuple that has no allocation (RFC 8016 §3.2): the client has moved. The 5-tuple is added to the
/// allocation; data goes on to the old one until the client has used the new one.
/// </summary>
internal static class MobilityHandler
{
    /// <returns>True when the request carries a ticket; an empty one asks for one, in an Allocate.</returns>
    public static bool HasTicket(StunMessage request, out ReadOnlySpan<byte> ticket) => request.TryFind(AttributeType.MobilityTicket, out ticket);

    /// <summary>Adds a new ticket to a response.</summary>
    public static void AddTicket(ref StunWriter writer, Worker worker, AllocationId allocation)
    {
        if (writer.TryReserve(AttributeType.MobilityTicket, MobilityTickets.Size, out var room))
        {
            worker.Services.Tickets.Write(allocation, room);
        }
    }

    /// <summary>Finds the allocation of the ticket.</summary>
    /// <param name="context">The Refresh.</param>
    /// <param name="ticket">Its ticket.</param>
    /// <param name="allocation">The allocation when it is this worker's; the Refresh goes on as if it had always been there.</param>
    /// <returns>The refusal, or <see cref="HandlerResult.Later"/> when another worker answers, or nobody yet.</returns>
    public static HandlerResult Arrive(ref RequestContext context, ReadOnlySpan<byte> ticket, out Allocation? allocation)
    {
        allocation = null;
        var services = context.Worker.Services;
        if (!services.Options.Mobility)
        {
            return context.Error(StunErrorCode.MobilityForbidden);
        }

        if (!services.Tickets.TryRead(ticket, out var handle))
        {
            return context.Error(StunErrorCode.BadRequest, "MOBILITY-TICKET is not one of this relay"u8);
        }

        var awaited = services.Awaited.HasHandle(handle);
        if (services.Mobile.Find(handle) is not { } found)
        {
            // While nothing is decided about it, its client is to ask again.
            return awaited ? HandlerResult.Later : context.Error(StunErrorCode.AllocationMismatch);
        }

        if (!found.Username.AsSpan().SequenceEqual(context.Credential.Username))
        {
            return context.Error(StunErrorCode.WrongCredentials);
        }

        if (!context.Credential.Tenant.Policy.Accepts(context.Tuple.Transport))
        {
            return context.Error(StunErrorCode.Forbidden, "Transport not allowed for this tenant"u8);
        }

        if (found.Owner != context.Worker)
        {
            context.Worker.Foreign.Forward(context.Request.Bytes, context.Tuple, context.Leg, found.Owner);
            return HandlerResult.Later;
        }

        if (!found.Owner.Table.TryGet(found.Id, out allocation))
        {
            return context.Error(StunErrorCode.AllocationMismatch);
        }

        var refusal = RefreshHandler.Refuse(ref context, allocation);
        if (refusal.Length > 0)
        {
            allocation = null;
            return refusal;
        }

        found.Owner.Table.Arrive(allocation, context.Tuple, context.Leg);
        return default;
    }
}
