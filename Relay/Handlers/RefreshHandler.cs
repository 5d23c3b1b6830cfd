using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Handlers;

/// <summary>Refresh (RFC 8656 §8.2): a new lifetime, or with LIFETIME 0 the end, of an allocation or of one address of a dual one.</summary>
internal static class RefreshHandler
{
    public static HandlerResult Handle(ref RequestContext context, Allocation allocation)
    {
        var asked = context.Request.Find(out Lifetime lifetime);
        var family = context.Request.Find(out RequestedAddressFamily requested);
        if (asked == AttributeStatus.Malformed || family == AttributeStatus.Malformed)
        {
            return context.Error(StunErrorCode.BadRequest);
        }

        if (family == AttributeStatus.Ok && !allocation.Relays(requested.Family))
        {
            return context.Error(StunErrorCode.PeerAddressFamilyMismatch);
        }

        if (asked == AttributeStatus.Ok && lifetime.Seconds == 0)
        {
            return Delete(ref context, allocation, family == AttributeStatus.Ok ? requested.Family : IPFamily.None);
        }

        var granted = GrantedLifetime.Decide(asked == AttributeStatus.Ok ? lifetime : null, allocation.Credential.Claims.ExpiresAt, context.Now, context.UtcNow);
        allocation.ExpiresTick = granted.ExpiresTick;
        allocation.Slot.Deadline = context.Worker.Services.Journal.DeadlineOf(granted.ExpiresAt);
        allocation.Slot.ExpiresAt = granted.ExpiresAt;
        allocation.Report.Refreshed();
        return Succeed(ref context, granted.Seconds);
    }

    private static HandlerResult Delete(ref RequestContext context, Allocation allocation, IPFamily family)
    {
        if (family != IPFamily.None && allocation is { IPv4: not null, IPv6: not null })
        {
            allocation.Slot.Lose(family);
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

    private static HandlerResult Succeed(ref RequestContext context, uint seconds)
    {
        var writer = context.Success();
        writer.Add(new Lifetime(seconds));
        return context.Finish(ref writer);
    }
}
