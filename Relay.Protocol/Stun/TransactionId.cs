using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>Transaction id: 96 bits, chosen at random by the requester (RFC 8489 §5). Usable as a dictionary key.</summary>
/// <param name="High">Bytes 0 to 3, big-endian.</param>
/// <param name="Low">Bytes 4 to 11, big-endian.</param>
public readonly record struct TransactionId(uint High, ulong Low)
{
    /// <summary>Wire size in bytes.</summary>
    public const int Size = 12;

    /// <summary>A new id from the cryptographic generator (RFC 8489 §5).</summary>
    public static TransactionId NewRandom()
    {
        Span<byte> bytes = stackalloc byte[Size];
        RandomNumberGenerator.Fill(bytes);
        return Read(bytes);
    }

    /// <summary>Reads the first 12 bytes.</summary>
    public static TransactionId Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[4..]));

    /// <summary>Writes 12 bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[4..], Low);
    }
}
