using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Turn;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Handlers;

/// <summary>CreatePermission (RFC 8656 §10.2): all peers of the request, or none.</summary>
internal static class CreatePermissionHandler
{
    private const int MaxPeers = 64;

    public static HandlerResult Handle(ref RequestContext context, Allocation allocation)
    {
        // 1. At least one peer, each well-formed, of a family the allocation has, and allowed.
        Span<TransportAddress> peers = stackalloc TransportAddress[MaxPeers];
        Span<PeerVerdict> verdicts = stackalloc PeerVerdict[MaxPeers];
        var limits = allocation.Credential.Tenant.Policy.PeerLimits(allocation.Credential.Peers);
        var count = 0;
        foreach (var attribute in context.Request.Attributes)
        {
            if (attribute.Type != AttributeType.XorPeerAddress)
            {
                continue;
            }

            if (!XorAddress.TryRead(attribute.Value, context.Request.TransactionId, out var peer))
            {
                return context.Error(StunErrorCode.BadRequest, "XOR-PEER-ADDRESS is malformed"u8);
            }

            if (count == MaxPeers)
            {
                return context.Error(StunErrorCode.InsufficientCapacity);
            }

            if (!allocation.Relays(peer.Family))
            {
                return context.Error(StunErrorCode.PeerAddressFamilyMismatch);
            }

            var verdict = context.Worker.Services.Peers.Judge(peer, limits);
            if (verdict == PeerVerdict.Denied)
            {
                return context.ForbiddenPeer(peer);
            }

            peers[count] = peer;
            verdicts[count++] = verdict;
        }

        if (count == 0)
        {
            return context.Error(StunErrorCode.BadRequest, "XOR-PEER-ADDRESS is missing"u8);
        }

        // 2. Room for all.
        if (!allocation.Peers.HasRoomFor(count, context.Now))
        {
            return context.Error(StunErrorCode.InsufficientCapacity);
        }

        // 3. Installed, or their 5 minutes begun again.
        var expiresAt = context.UtcNow.AddSeconds(TurnDefaults.PermissionLifetimeSeconds);
        for (var i = 0; i < count; i++)
        {
            allocation.Peers.Permit(peers[i], verdicts[i], context.Now);
            allocation.Report.PermissionInstalled(peers[i], expiresAt);
        }

        var writer = context.Success();
        return context.Finish(ref writer);
    }
}
