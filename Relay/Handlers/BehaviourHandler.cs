using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Handlers;

/// <summary>
/// NAT behaviour discovery (RFC 5780 §6.1, and for clients without magic cookie RFC 3489 §8.1): where a Binding response is sent from and
/// to, and what it says about the server's addresses. A response goes to the IP address the request came from and nowhere else.
/// </summary>
internal static class BehaviourHandler
{
    /// <summary>
    /// Most bytes of PADDING in a response: the MTU of an Ethernet, rounded to 4 (RFC 5780 §7.6). Never more than the request brought, so that
    /// nobody gets more bytes sent to a stranger than he sends himself.
    /// </summary>
    public const int MaxPadding = 1500;

    /// <summary>What of this usage a request to this relay may carry; anything else of it is as unknown as ever (420).</summary>
    public static ReadOnlySpan<AttributeType> Understood(in RequestContext context)
    {
        // Over a connection no response can come from elsewhere, go elsewhere or be a fragment.
        if (context.Leg.Transport != Transport.Udp)
        {
            return [];
        }

        if (TryLocate(context, out _, out _))
        {
            return [AttributeType.ChangeRequest, AttributeType.ResponsePort, AttributeType.Padding];
        }

        // Clients of RFC 3489 say in every request that nothing shall change. Others get 420 without a second address (RFC 5780 §6.1).
        var nothing = context.Request.IsClassic && context.Request.Find(out ChangeRequest change) == AttributeStatus.Ok && change is { ChangeAddress: false, ChangePort: false };
        return nothing ? [AttributeType.ChangeRequest] : [];
    }

    /// <summary>Decides the way of the response.</summary>
    /// <returns>0, or the code of an error.</returns>
    public static StunErrorCode TryRead(ref RequestContext context, out BehaviourAnswer answer)
    {
        answer = default;
        if (!TryLocate(context, out var address, out var port))
        {
            return 0;
        }

        var addresses = context.Worker.Behaviour!.Addresses;
        if (context.Leg.Transport != Transport.Udp)
        {
            // What NATs do to TCP is found out by connecting to the other address (RFC 5780 §4.3).
            answer = new BehaviourAnswer(addresses.Public(address, port), addresses.Public(1 - address, 1 - port), -1);
            return 0;
        }

        var changing = context.Request.Find(out ChangeRequest change);
        var elsewhere = context.Request.Find(out ResponsePort to);
        var padded = context.Request.TryFind(AttributeType.Padding, out var padding);
        if (changing == AttributeStatus.Malformed || elsewhere == AttributeStatus.Malformed || (elsewhere == AttributeStatus.Ok && (padded || to.Port == 0)))
        {
            return StunErrorCode.BadRequest;
        }

        var fromAddress = change.ChangeAddress ? 1 - address : address;
        var fromPort = change.ChangePort ? 1 - port : port;
        answer = new BehaviourAnswer(
            addresses.Public(fromAddress, fromPort),
            addresses.Public(1 - address, 1 - port),
            padded ? Math.Min(padding.Length & ~3, MaxPadding) : -1);
        if (change != default)
        {
            context.ReplyLeg = context.Worker.Behaviour!.From(fromAddress, fromPort);
        }

        if (elsewhere == AttributeStatus.Ok)
        {
            context.ReplyTo = context.Tuple.Client.WithPort(to.Port);
        }

        return 0;
    }

    private static bool TryLocate(in RequestContext context, out int address, out int port)
    {
        address = port = 0;
        return context.Worker.Behaviour is { } behaviour
            && context.Leg.Transport is Transport.Udp or Transport.Tcp
            && behaviour.Addresses.TryLocate(context.Tuple.Server, out address, out port);
    }
}
