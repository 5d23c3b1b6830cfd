using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Mobility;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Handlers;

/// <summary>Refresh (RFC 8656 §8.2): a new lifetime, or with LIFETIME 0 the end, of an allocation or of one address of a dual one.</summary>
internal static class RefreshHandler
{
    public static HandlerResult Handle(ref RequestContext context, Allocation allocation)
    {
        var moving = MobilityHandler.HasTicket(context.Request, out var ticket);
        if (moving && !context.Worker.Services.Options.Mobility)
        {
            return context.Error(StunErrorCode.MobilityForbidden);
        }

        if (moving && (!context.Worker.Services.Tickets.TryRead(ticket, out var handle) || handle != MobilityTickets.HandleOf(allocation.Id)))
        {
            return context.Error(StunErrorCode.BadRequest, "MOBILITY-TICKET is not one of this allocation"u8);
        }

        if (moving && allocation.LastMove.Response.Length > 0 && allocation.LastMove.Transaction == context.Request.TransactionId)
        {
            allocation.LastMove.Response.CopyTo(context.Worker.Response, 0);
            return new HandlerResult(allocation.LastMove.Response.Length);
        }

        var refusal = Refuse(ref context, allocation);
        if (refusal.Length > 0)
        {
            return refusal;
        }

        var asked = context.Request.Find(out Lifetime lifetime);
        var family = context.Request.Find(out RequestedAddressFamily requested);
        if (asked == AttributeStatus.Ok && lifetime.Seconds == 0)
        {
            return Delete(ref context, allocation, family == AttributeStatus.Ok ? requested.Family : IPFamily.None);
        }

        var granted = GrantedLifetime.Decide(asked == AttributeStatus.Ok ? lifetime : null, allocation.Credential.Claims.ExpiresAt, context.Now, context.UtcNow);
        allocation.EndAt(granted.ExpiresTick);
        allocation.Slot.Deadline = context.Worker.Services.Journal.DeadlineOf(granted.ExpiresAt);
        allocation.Slot.ExpiresAt = granted.ExpiresAt;
        allocation.Report.Refreshed();
        var result = Succeed(ref context, granted.Seconds, allocation);
        if (moving)
        {
            allocation.LastMove = (context.Request.TransactionId, context.Worker.Response.AsSpan(0, result.Length).ToArray());
        }

        return result;
    }

    /// <summary>Judges LIFETIME and REQUESTED-ADDRESS-FAMILY, which nothing may have happened before: a Refresh that is refused moves no allocation either.</summary>
    /// <returns>The refusal; of length 0 when there is nothing to refuse.</returns>
    public static HandlerResult Refuse(ref RequestContext context, Allocation allocation)
    {
        var family = context.Request.Find(out RequestedAddressFamily requested);
        if (context.Request.Find(out Lifetime _) == AttributeStatus.Malformed || family == AttributeStatus.Malformed)
        {
            return context.Error(StunErrorCode.BadRequest);
        }

        return family == AttributeStatus.Ok && !allocation.Relays(requested.Family) ? context.Error(StunErrorCode.PeerAddressFamilyMismatch) : default;
    }

    private static HandlerResult Delete(ref RequestContext context, Allocation allocation, IPFamily family)
    {
        if (family != IPFamily.None && allocation is { IPv4: not null, IPv6: not null })
        {
            allocation.Slot.Lose(family);
            allocation.Table.FastPath.OnClosing(allocation, family);
            allocation.Relayed(family)!.Dispose();
            if (family == IPFamily.IPv4)
            {
                allocation.IPv4 = null;
            }
            else
            {
                allocation.IPv6 = null;
            }

            return Succeed(ref context, 0);
        }

        return Succeed(ref context, 0) with { Delete = allocation };
    }

    private static HandlerResult Succeed(ref RequestContext context, uint seconds, Allocation? mobile = null)
    {
        var writer = context.Success();
        writer.Add(new Lifetime(seconds));
        if (mobile is { Mobile: true })
        {
            MobilityHandler.AddTicket(ref writer, context.Worker, mobile.Id);
        }

        return context.Finish(ref writer);
    }
}
