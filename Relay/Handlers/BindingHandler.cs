using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Handlers;

/// <summary>Binding: tells a client its address as seen from here (RFC 8489 §12). Needs no credentials; who has them is counted.</summary>
internal static class BindingHandler
{
    /// <returns>True when a Binding carries long-term credentials: then they are checked as for any request. Short-term ones, ICE's, are nobody's here.</returns>
    public static bool IsAuthenticated(in StunMessage request) =>
        (request.HasMessageIntegrity || request.HasMessageIntegritySha256) && request.Has(AttributeType.Realm) && request.Has(AttributeType.Nonce);

    public static HandlerResult Handle(ref RequestContext context)
    {
        var code = BehaviourHandler.TryRead(ref context, out var behaviour);
        if (code != 0)
        {
            return context.Error(code);
        }

        var writer = context.Success();
        var classic = context.Request.IsClassic;
        if (!classic)
        {
            writer.AddXorAddress(AttributeType.XorMappedAddress, context.Tuple.Client);
        }

        // An RFC 3489 client does not know XOR-MAPPED-ADDRESS, and a client that tests its NAT compares both (RFC 5780 §6.1).
        if (classic || behaviour.Origin.IsSet)
        {
            writer.AddPlainAddress(AttributeType.MappedAddress, context.Tuple.Client);
        }

        behaviour.Write(ref writer, classic);
        return context.Finish(ref writer);
    }
}
