using NetDiscovery.Fuzz.Engine;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Fuzz.Codec;

/// <summary>Every attribute's reader; what can be read must be writable, and read the same again.</summary>
internal static class AttributeReaders
{
    /// <summary>Gives a value to the reader of its type.</summary>
    public static void Read(AttributeType type, ReadOnlySpan<byte> value, TransactionId id)
    {
        switch (type)
        {
            case AttributeType.MappedAddress or AttributeType.AlternateServer or AttributeType.ResponseOrigin or AttributeType.OtherAddress:
                Plain(value);
                break;
            case AttributeType.XorMappedAddress or AttributeType.XorPeerAddress or AttributeType.XorRelayedAddress:
                Xor(value, id);
                break;
            case AttributeType.ErrorCode:
                if (Again<ErrorCode>(value))
                {
                    ErrorCode.TryRead(value, out var error);
                    FuzzFailure.Unless(error.Code is >= 300 and <= 699, "an error code is 300 to 699");
                }

                break;
            case AttributeType.UnknownAttributes:
                Again<UnknownAttributes>(value);
                break;
            case AttributeType.PasswordAlgorithm:
                Again<PasswordAlgorithm>(value);
                break;
            case AttributeType.PasswordAlgorithms:
                if (Again<PasswordAlgorithms>(value))
                {
                    PasswordAlgorithms.TryRead(value, out var algorithms);
                    algorithms.Contains(PasswordAlgorithmId.Sha256);
                }

                break;
            case AttributeType.UserHash:
                Again<UserHash>(value);
                break;
            case AttributeType.ChannelNumber:
                Again<ChannelNumber>(value);
                break;
            case AttributeType.Lifetime:
                Again<Lifetime>(value);
                break;
            case AttributeType.EvenPort:
                Again<EvenPort>(value);
                break;
            case AttributeType.RequestedTransport:
                Again<RequestedTransport>(value);
                break;
            case AttributeType.DontFragment:
                Again<DontFragment>(value);
                break;
            case AttributeType.ReservationToken:
                Again<ReservationToken>(value);
                break;
            case AttributeType.RequestedAddressFamily:
                Again<RequestedAddressFamily>(value);
                break;
            case AttributeType.AdditionalAddressFamily:
                Again<AdditionalAddressFamily>(value);
                break;
            case AttributeType.AddressErrorCode:
                Again<AddressErrorCode>(value);
                break;
            case AttributeType.Icmp:
                Again<Icmp>(value);
                break;
            case AttributeType.ConnectionId:
                Again<ConnectionId>(value);
                break;
            case AttributeType.AccessToken:
                Again<AccessToken>(value);
                break;
            case AttributeType.ChangeRequest:
                Again<ChangeRequest>(value);
                break;
            case AttributeType.ResponsePort:
                Again<ResponsePort>(value);
                break;
            case AttributeType.Nonce:
                NonceCookie.TryRead(value, out _);
                TextLimits.Accepts(type, value);
                break;
            default:
                TextLimits.Accepts(type, value);
                break;
        }
    }

    private static bool Again<T>(ReadOnlySpan<byte> value)
        where T : struct, IStunAttribute<T>, allows ref struct
    {
        if (!T.TryRead(value, out var attribute))
        {
            return false;
        }

        Span<byte> first = stackalloc byte[attribute.ValueSize];
        attribute.Write(first);
        FuzzFailure.Unless(T.TryRead(first, out var second) && second.ValueSize == attribute.ValueSize, "an attribute reads as it was written");
        Span<byte> again = stackalloc byte[second.ValueSize];
        second.Write(again);
        FuzzFailure.Unless(again.SequenceEqual(first), "an attribute is written the same twice");
        return true;
    }

    private static void Plain(ReadOnlySpan<byte> value)
    {
        if (PlainAddress.TryRead(value, out var address))
        {
            Span<byte> again = stackalloc byte[PlainAddress.SizeOf(address)];
            PlainAddress.Write(again, address);
            FuzzFailure.Unless(PlainAddress.TryRead(again, out var second) && second == address, "a plain address reads as it was written");
        }
    }

    private static void Xor(ReadOnlySpan<byte> value, TransactionId id)
    {
        if (XorAddress.TryRead(value, id, out var address))
        {
            Span<byte> again = stackalloc byte[PlainAddress.SizeOf(address)];
            XorAddress.Write(again, address, id);
            FuzzFailure.Unless(XorAddress.TryRead(again, id, out var second) && second == address, "an XOR address reads as it was written");
        }
    }
}
