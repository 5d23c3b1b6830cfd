using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Stun.Hashing;

namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>FINGERPRINT: CRC-32 of the message before it, XORed with 0x5354554E (RFC 8489 §14.7). Wire size: 4 bytes.</summary>
public static class Fingerprint
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 4;

    private const uint Xor = 0x5354554E;

    /// <param name="covered">The message up to, not including, the attribute; at least the 20-byte header. Its length field is taken as if the message ended with the attribute.</param>
    /// <returns>The value of the attribute.</returns>
    public static uint Compute(ReadOnlySpan<byte> covered)
    {
        Span<byte> start = stackalloc byte[4];
        covered[..2].CopyTo(start);
        BinaryPrimitives.WriteUInt16BigEndian(start[2..], (ushort)(covered.Length - StunHeader.Size + 4 + Size));
        return Crc32.Append(Crc32.Append(0, start), covered[4..]) ^ Xor;
    }
}
