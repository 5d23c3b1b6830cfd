using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Turn;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Handlers;

/// <summary>ChannelBind (RFC 8656 §12.2): one number for one peer, refreshed by binding it again; installs the permission too.</summary>
internal static class ChannelBindHandler
{
    public static HandlerResult Handle(ref RequestContext context, Allocation allocation)
    {
        // 0. Channels carry datagrams; a TCP allocation has connections (RFC 6062 §3).
        if (allocation.Streams is not null)
        {
            return context.Error(StunErrorCode.Forbidden, "No channels on a TCP allocation"u8);
        }

        // 1. Both attributes, and a number that is one.
        if (context.Request.Find(out ChannelNumber number) != AttributeStatus.Ok
            || context.Request.FindXorAddress(AttributeType.XorPeerAddress, out var peer) != AttributeStatus.Ok)
        {
            return context.Error(StunErrorCode.BadRequest, "CHANNEL-NUMBER or XOR-PEER-ADDRESS is missing or malformed"u8);
        }

        if (number.Channel < TurnDefaults.MinChannel || number.Channel > context.Worker.Services.Options.MaxChannel)
        {
            return context.Error(StunErrorCode.BadRequest, "Channel number out of range"u8);
        }

        // 2. A peer of a family the allocation has, and allowed.
        if (allocation.Relayed(peer.Family) is null)
        {
            return context.Error(StunErrorCode.PeerAddressFamilyMismatch);
        }

        var verdict = context.Worker.Services.Peers.Judge(peer, allocation.Credential.Tenant.Policy.PeerLimits(allocation.Credential.Peers));
        if (verdict == PeerVerdict.Denied)
        {
            return context.ForbiddenPeer(peer);
        }

        // 3. Neither number nor peer bound otherwise.
        switch (allocation.Peers.Bind(number.Channel, peer, verdict, context.Now))
        {
            case ChannelBindResult.Conflict:
                return context.Error(StunErrorCode.BadRequest, "Channel or peer is bound otherwise"u8);
            case ChannelBindResult.Full:
                return context.Error(StunErrorCode.InsufficientCapacity);
        }

        allocation.Table.FastPath.OnBound(allocation, number.Channel);
        allocation.Report.PermissionInstalled(peer, context.UtcNow.AddSeconds(TurnDefaults.PermissionLifetimeSeconds));
        allocation.Report.ChannelBound(number.Channel, peer, context.UtcNow.AddSeconds(TurnDefaults.ChannelLifetimeSeconds));
        var writer = context.Success();
        return context.Finish(ref writer);
    }
}
