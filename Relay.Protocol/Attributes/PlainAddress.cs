using System.Buffers.Binary;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>
/// The form of MAPPED-ADDRESS (RFC 8489 §14.1), ALTERNATE-SERVER (§14.15), RESPONSE-ORIGIN and OTHER-ADDRESS (RFC 5780 §7.3, §7.4):
/// a zero byte, family, port, address. Wire size: 8 or 20 bytes.
/// </summary>
public static class PlainAddress
{
    /// <summary>Value size with an IPv4 address.</summary>
    public const int IPv4Size = 8;

    /// <summary>Value size with an IPv6 address.</summary>
    public const int IPv6Size = 20;

    /// <returns>Value size for <paramref name="address"/>.</returns>
    public static int SizeOf(in TransportAddress address) => 4 + address.AddressSize;

    /// <returns>False for a size that does not fit the family, or an unknown family. The first byte is ignored. Never throws.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, out TransportAddress address)
    {
        address = default;
        if (value.Length < IPv4Size) return false;
        var family = (IPFamily)value[1];
        if (!(family == IPFamily.IPv4 && value.Length == IPv4Size) && !(family == IPFamily.IPv6 && value.Length == IPv6Size)) return false;
        return TransportAddress.TryFrom(value[4..], BinaryPrimitives.ReadUInt16BigEndian(value[2..]), out address);
    }

    /// <summary>Writes <see cref="SizeOf"/> bytes.</summary>
    public static void Write(Span<byte> value, in TransportAddress address)
    {
        value[0] = 0;
        value[1] = (byte)address.Family;
        BinaryPrimitives.WriteUInt16BigEndian(value[2..], address.Port);
        address.WriteAddress(value[4..]);
    }
}
