using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.PeerConnections;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Handlers;

/// <summary>Connect (RFC 6062 §5.2): a TCP connection from the relayed transport address to a peer. Answered when the peer has accepted, or has not.</summary>
internal static class ConnectHandler
{
    public static HandlerResult Handle(ref RequestContext context, Allocation allocation)
    {
        // 1. The allocation must be one for TCP.
        if (allocation.Streams is not { } streams)
        {
            return context.Error(StunErrorCode.Forbidden, "Not a TCP allocation"u8);
        }

        // 2. A peer, with a port.
        if (context.Request.FindXorAddress(AttributeType.XorPeerAddress, out var peer) != AttributeStatus.Ok || peer.Port == 0)
        {
            return context.Error(StunErrorCode.BadRequest, "XOR-PEER-ADDRESS is missing or malformed"u8);
        }

        // 3. One connection for each peer, those being made included.
        if (streams.IsConnected(peer))
        {
            return context.Error(StunErrorCode.ConnectionAlreadyExists);
        }

        // 4. Of the allocation's family, and allowed. A permission is not needed: the client itself opens the way.
        if (peer.Family != streams.Family)
        {
            return context.Error(StunErrorCode.PeerAddressFamilyMismatch);
        }

        if (context.Worker.Services.Peers.JudgeStream(peer, allocation.Credential.Tenant.Policy.PeerLimits(allocation.Credential.Peers)) == PeerVerdict.Denied)
        {
            return context.ForbiddenPeer(peer);
        }

        // 5. The answer follows.
        return streams.TryConnect(peer, new DeferredReply(context))
            ? HandlerResult.Later
            : context.Error(StunErrorCode.InsufficientCapacity, "Too many peer connections"u8);
    }
}
