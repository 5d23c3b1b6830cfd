using System.Buffers.Binary;
using System.Security.Cryptography;
using NetDiscovery.Relay.Protocol.Stun.Hashing;

namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>
/// MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.5, §14.6): an HMAC over the message up to the attribute,
/// with the length field as if the message ended with the attribute. The datagram is neither changed nor copied.
/// </summary>
public static class MessageIntegrity
{
    /// <summary>Value size of MESSAGE-INTEGRITY: 20 bytes of HMAC-SHA1.</summary>
    public const int Size = 20;

    /// <summary>Value size of an untruncated MESSAGE-INTEGRITY-SHA256.</summary>
    public const int Sha256Size = 32;

    /// <summary>Smallest value of a truncated MESSAGE-INTEGRITY-SHA256.</summary>
    public const int MinSha256Size = 16;

    internal static bool Check(ReadOnlySpan<byte> message, int attributeAt, in Hmac<Sha1State> key)
    {
        Span<byte> digest = stackalloc byte[Size];
        Compute(key, message[..attributeAt], Size, digest);
        return CryptographicOperations.FixedTimeEquals(digest, message.Slice(attributeAt + 4, Size));
    }

    internal static bool CheckSha256(ReadOnlySpan<byte> message, int attributeAt, in Hmac<Sha256State> key, int minimumSize)
    {
        int size = BinaryPrimitives.ReadUInt16BigEndian(message[(attributeAt + 2)..]);
        if (size < minimumSize) return false;
        Span<byte> digest = stackalloc byte[Sha256Size];
        Compute(key, message[..attributeAt], size, digest);
        return CryptographicOperations.FixedTimeEquals(digest[..size], message.Slice(attributeAt + 4, size));
    }

    /// <param name="key">Keyed state.</param>
    /// <param name="covered">The message up to, not including, the attribute.</param>
    /// <param name="valueSize">Size of the attribute's value, for the length field.</param>
    /// <param name="digest">Takes the whole digest.</param>
    internal static void Compute<TState>(in Hmac<TState> key, ReadOnlySpan<byte> covered, int valueSize, Span<byte> digest)
        where TState : struct, IBlockState<TState>
    {
        Span<byte> start = stackalloc byte[4];
        covered[..2].CopyTo(start);
        BinaryPrimitives.WriteUInt16BigEndian(start[2..], (ushort)(covered.Length - StunHeader.Size + 4 + valueSize));
        BlockHash<TState> hash = key.Begin();
        hash.Append(start);
        hash.Append(covered[4..]);
        key.Finish(ref hash, digest);
    }
}
