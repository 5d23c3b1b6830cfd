using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>
/// The form of XOR-MAPPED-ADDRESS (RFC 8489 §14.2), XOR-PEER-ADDRESS and XOR-RELAYED-ADDRESS (RFC 8656 §18.3, §18.5):
/// <see cref="PlainAddress"/> with port and address XORed with magic cookie and transaction id. Wire size: 8 or 20 bytes.
/// </summary>
public static class XorAddress
{
    /// <returns>False for a size that does not fit the family, or an unknown family. Never throws.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, TransactionId transactionId, out TransportAddress address)
    {
        address = default;
        if (value.Length is not (PlainAddress.IPv4Size or PlainAddress.IPv6Size)) return false;
        Span<byte> plain = stackalloc byte[PlainAddress.IPv6Size];
        plain = plain[..value.Length];
        value.CopyTo(plain);
        Apply(plain, transactionId);
        return PlainAddress.TryRead(plain, out address);
    }

    /// <summary>Writes <see cref="PlainAddress.SizeOf"/> bytes.</summary>
    public static void Write(Span<byte> value, in TransportAddress address, TransactionId transactionId)
    {
        PlainAddress.Write(value, address);
        Apply(value[..PlainAddress.SizeOf(address)], transactionId);
    }

    private static void Apply(Span<byte> value, TransactionId transactionId)
    {
        Xor16(value[2..], (ushort)(StunHeader.MagicCookie >> 16));
        Xor32(value[4..], StunHeader.MagicCookie);
        if (value.Length != PlainAddress.IPv6Size) return;
        Xor32(value[8..], transactionId.High);
        Xor32(value[12..], (uint)(transactionId.Low >> 32));
        Xor32(value[16..], (uint)transactionId.Low);
    }

    private static void Xor16(Span<byte> at, ushort with) =>
        BinaryPrimitives.WriteUInt16BigEndian(at, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(at) ^ with));

    private static void Xor32(Span<byte> at, uint with) =>
        BinaryPrimitives.WriteUInt32BigEndian(at, BinaryPrimitives.ReadUInt32BigEndian(at) ^ with);
}
