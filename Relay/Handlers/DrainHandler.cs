using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Handlers;

/// <summary>What an authenticated Allocate gets from a relay that is draining: another server (RFC 8489 §10), or 508 when none is known.</summary>
internal static class DrainHandler
{
    public static HandlerResult Refuse(ref RequestContext context)
    {
        if (!context.Worker.Services.Alternates.TryChoose(context.Tuple.Transport, context.Tuple.Client.Family, out var other))
        {
            return context.Error(StunErrorCode.InsufficientCapacity, "Relay is draining, use another"u8);
        }

        var writer = context.BeginError(StunErrorCode.TryAlternate, ReasonPhrase.Of(StunErrorCode.TryAlternate));
        writer.AddPlainAddress(AttributeType.AlternateServer, other.Address);
        if (other.Domain.Length > 0 && context.Tuple.Transport is Transport.Tls or Transport.Dtls)
        {
            writer.Add(AttributeType.AlternateDomain, other.Domain);
        }

        return context.Finish(ref writer);
    }
}
