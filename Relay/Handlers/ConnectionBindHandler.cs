using NetDiscovery.Relay.PeerConnections;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Handlers;

/// <summary>ConnectionBind (RFC 6062 §5.4): makes a new TCP or TLS connection of the client the other half of a peer's connection.</summary>
internal static class ConnectionBindHandler
{
    public static HandlerResult Handle(ref RequestContext context)
    {
        // 1. Over TCP or TLS, and over a connection that has no other use.
        if (!context.Leg.IsStream || context.Worker.Table.TryGet(context.Tuple, out _))
        {
            return context.Error(StunErrorCode.BadRequest, "ConnectionBind needs a TCP or TLS connection of its own"u8);
        }

        if (context.Request.Find(out ConnectionId id) != AttributeStatus.Ok)
        {
            return context.Error(StunErrorCode.BadRequest, "CONNECTION-ID is missing or malformed"u8);
        }

        // 2. The tenant's word on transports holds for data as for control.
        if (!context.Credential.Tenant.Policy.Accepts(context.Tuple.Transport))
        {
            return context.Error(StunErrorCode.Forbidden, "Transport not allowed for this tenant"u8);
        }

        // 3. A waiting connection of an allocation with the same credentials.
        switch (context.Worker.Services.PeerConnections.TryClaim(id.Id, context.Credential, out var connection))
        {
            case ClaimStatus.Unknown:
                return context.Error(StunErrorCode.BadRequest, "No peer connection with this CONNECTION-ID waits"u8);
            case ClaimStatus.WrongCredentials:
                return context.Error(StunErrorCode.WrongCredentials);
        }

        var writer = context.Success();
        return context.Finish(ref writer) with { Bind = connection };
    }
}
