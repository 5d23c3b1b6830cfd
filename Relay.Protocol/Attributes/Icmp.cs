using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>ICMP in a Data indication (RFC 8656 §18.13): 16 reserved bits, type, code, error data. Wire size: 8 bytes.</summary>
/// <param name="IcmpType">7 bits: ICMPv4 or ICMPv6 type, by the peer's family.</param>
/// <param name="IcmpCode">9 bits.</param>
/// <param name="ErrorData">The next-hop MTU where the type has one, else 0.</param>
public readonly record struct Icmp(byte IcmpType, ushort IcmpCode, uint ErrorData) : IStunAttribute<Icmp>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 8;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.Icmp;

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out Icmp attribute)
    {
        attribute = default;
        if (value.Length != Size) return false;
        ushort typeAndCode = BinaryPrimitives.ReadUInt16BigEndian(value[2..]);
        attribute = new Icmp((byte)(typeAndCode >> 9), (ushort)(typeAndCode & 0x1FF), BinaryPrimitives.ReadUInt32BigEndian(value[4..]));
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(value, ((uint)(IcmpType & 0x7F) << 9) | (uint)(IcmpCode & 0x1FF));
        BinaryPrimitives.WriteUInt32BigEndian(value[4..], ErrorData);
    }
}
