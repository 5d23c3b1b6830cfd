using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>ACCESS-TOKEN (RFC 7635 §6.2): nonce length, nonce, AEAD ciphertext with tag; opaque to the client. Wire size: 2 bytes and both.</summary>
public readonly ref struct AccessToken : IStunAttribute<AccessToken>
{
    /// <param name="nonce">The AEAD nonce: 12 bytes with AES-GCM.</param>
    /// <param name="encrypted">Ciphertext followed by the tag.</param>
    public AccessToken(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> encrypted)
    {
        Nonce = nonce;
        Encrypted = encrypted;
    }

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.AccessToken;

    /// <summary>The AEAD nonce.</summary>
    public ReadOnlySpan<byte> Nonce { get; }

    /// <summary>Ciphertext followed by the tag.</summary>
    public ReadOnlySpan<byte> Encrypted { get; }

    /// <inheritdoc/>
    public int ValueSize => 2 + Nonce.Length + Encrypted.Length;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out AccessToken attribute)
    {
        attribute = default;
        if (value.Length < 2) return false;
        int nonceSize = BinaryPrimitives.ReadUInt16BigEndian(value);
        if (value.Length - 2 < nonceSize) return false;
        attribute = new AccessToken(value.Slice(2, nonceSize), value[(2 + nonceSize)..]);
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(value, (ushort)Nonce.Length);
        Nonce.CopyTo(value[2..]);
        Encrypted.CopyTo(value[(2 + Nonce.Length)..]);
    }
}
