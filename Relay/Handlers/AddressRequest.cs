using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Handlers;

/// <summary>Which relayed transport addresses an Allocate asks for (RFC 8656 §7.2 steps 5 to 9).</summary>
/// <param name="Family">The one family asked for, or the first of two.</param>
/// <param name="WithIPv6">ADDITIONAL-ADDRESS-FAMILY: IPv6 beside IPv4.</param>
/// <param name="Parity">EVEN-PORT.</param>
/// <param name="Token">RESERVATION-TOKEN.</param>
/// <param name="Earlier">The client speaks the <see cref="EarlierFamilyAttributes"/>.</param>
internal readonly record struct AddressRequest(IPFamily Family, bool WithIPv6, PortParity Parity, ulong? Token, bool Earlier)
{
    /// <summary>Reads the attributes.</summary>
    /// <returns>The error to answer, or 0.</returns>
    public static StunErrorCode TryRead(in StunMessage request, out AddressRequest asked)
    {
        asked = default;
        var even = request.Find(out EvenPort evenPort);
        var token = request.Find(out ReservationToken reservation);
        var family = request.Find(out RequestedAddressFamily requested);
        var additional = EarlierFamilyAttributes.FindAdditional(request, out var second, out var earlier);
        if (even == AttributeStatus.Malformed || token == AttributeStatus.Malformed || family == AttributeStatus.Malformed || additional == AttributeStatus.Malformed
            || request.Find(out DontFragment _) == AttributeStatus.Malformed)
        {
            return StunErrorCode.BadRequest;
        }

        // 5. A token says all there is to say about the address.
        if (token == AttributeStatus.Ok && (even == AttributeStatus.Ok || family == AttributeStatus.Ok || additional == AttributeStatus.Ok))
        {
            return StunErrorCode.BadRequest;
        }

        // 6. and 7. Either one family by name, or IPv4 and IPv6 beside it.
        if (additional == AttributeStatus.Ok && (family == AttributeStatus.Ok || second.Family != IPFamily.IPv6))
        {
            return StunErrorCode.BadRequest;
        }

        if (family == AttributeStatus.Ok && requested.Family is not (IPFamily.IPv4 or IPFamily.IPv6))
        {
            return StunErrorCode.AddressFamilyNotSupported;
        }

        // 8. A next port cannot be kept for two addresses at once.
        if (additional == AttributeStatus.Ok && evenPort.ReserveNext)
        {
            return StunErrorCode.BadRequest;
        }

        asked = new AddressRequest(
            family == AttributeStatus.Ok ? requested.Family : IPFamily.IPv4,
            additional == AttributeStatus.Ok,
            even != AttributeStatus.Ok ? PortParity.Any : evenPort.ReserveNext ? PortParity.EvenWithNext : PortParity.Even,
            token == AttributeStatus.Ok ? reservation.Token : null,
            earlier);
        return 0;
    }
}
