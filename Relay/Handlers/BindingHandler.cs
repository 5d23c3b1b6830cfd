using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Handlers;

/// <summary>Binding: tells a client its address as seen from here (RFC 8489 §12). Needs no credentials.</summary>
internal static class BindingHandler
{
    public static HandlerResult Handle(ref RequestContext context)
    {
        var writer = context.Success();
        if (context.Request.IsClassic)
        {
            // An RFC 3489 client does not know XOR-MAPPED-ADDRESS.
            writer.AddPlainAddress(AttributeType.MappedAddress, context.Tuple.Client);
        }
        else
        {
            writer.AddXorAddress(AttributeType.XorMappedAddress, context.Tuple.Client);
        }

        return context.Finish(ref writer);
    }
}
