using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>
/// What an authorization server seals into an <see cref="AccessToken"/> (RFC 7635 §6.2): key length, message integrity key, timestamp, lifetime.
/// Size: 14 bytes and the key. A view over the opened bytes.
/// </summary>
public readonly ref struct AccessTokenContent
{
    /// <summary>AES-GCM nonce size in bytes.</summary>
    public const int NonceSize = 12;

    /// <summary>AES-GCM tag size in bytes.</summary>
    public const int TagSize = 16;

    private const int SizeWithoutKey = 14;

    /// <param name="macKey">Key for MESSAGE-INTEGRITY.</param>
    /// <param name="timestamp">48 bits of seconds since 1970, 16 bits of 1/64000 s.</param>
    /// <param name="lifetimeSeconds">Seconds from the timestamp on.</param>
    public AccessTokenContent(ReadOnlySpan<byte> macKey, ulong timestamp, uint lifetimeSeconds)
    {
        MacKey = macKey;
        Timestamp = timestamp;
        LifetimeSeconds = lifetimeSeconds;
    }

    /// <summary>Key for MESSAGE-INTEGRITY. Secret.</summary>
    public ReadOnlySpan<byte> MacKey { get; }

    /// <summary>48 bits of seconds since 1970, 16 bits of 1/64000 s.</summary>
    public ulong Timestamp { get; }

    /// <summary>Seconds since 1970 of <see cref="Timestamp"/>.</summary>
    public ulong TimestampSeconds => Timestamp >> 16;

    /// <summary>Seconds from the timestamp on.</summary>
    public uint LifetimeSeconds { get; }

    /// <summary>Bytes <see cref="Seal"/> writes as ciphertext and tag.</summary>
    public int SealedSize => SizeWithoutKey + MacKey.Length + TagSize;

    /// <summary>Opens a token. Does not judge whether it has expired.</summary>
    /// <param name="aead">Keyed with the key shared with the authorization server.</param>
    /// <param name="serverName">Name of this STUN server, UTF-8: the additional authenticated data.</param>
    /// <param name="token">From the request.</param>
    /// <param name="opened">Takes the content; as long as the token is plenty.</param>
    /// <param name="content">A view over <paramref name="opened"/>.</param>
    /// <returns>False for a token of another form or key; the caller answers 401. Never throws for what the token holds.</returns>
    public static bool TryOpen(AesGcm aead, ReadOnlySpan<byte> serverName, AccessToken token, Span<byte> opened, out AccessTokenContent content)
    {
        content = default;
        int size = token.Encrypted.Length - TagSize;
        if (token.Nonce.Length != NonceSize || size < SizeWithoutKey || size > opened.Length) return false;
        opened = opened[..size];
        try
        {
            aead.Decrypt(token.Nonce, token.Encrypted[..size], token.Encrypted[size..], opened, serverName);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        int keySize = BinaryPrimitives.ReadUInt16BigEndian(opened);
        if (SizeWithoutKey + keySize > size) return false;
        ReadOnlySpan<byte> rest = opened[(2 + keySize)..];
        content = new AccessTokenContent(opened.Slice(2, keySize), BinaryPrimitives.ReadUInt64BigEndian(rest), BinaryPrimitives.ReadUInt32BigEndian(rest[8..]));
        return true;
    }

    /// <summary>Seals the content as the authorization server does.</summary>
    /// <param name="aead">Keyed with the key shared with the STUN server.</param>
    /// <param name="serverName">Name of the STUN server, UTF-8.</param>
    /// <param name="nonce">12 bytes, never used twice with this key.</param>
    /// <param name="encrypted">Takes <see cref="SealedSize"/> bytes.</param>
    public void Seal(AesGcm aead, ReadOnlySpan<byte> serverName, ReadOnlySpan<byte> nonce, Span<byte> encrypted)
    {
        int size = SizeWithoutKey + MacKey.Length;
        Span<byte> plain = size <= 512 ? stackalloc byte[size] : new byte[size];
        BinaryPrimitives.WriteUInt16BigEndian(plain, (ushort)MacKey.Length);
        MacKey.CopyTo(plain[2..]);
        BinaryPrimitives.WriteUInt64BigEndian(plain[(2 + MacKey.Length)..], Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(plain[(10 + MacKey.Length)..], LifetimeSeconds);
        aead.Encrypt(nonce, plain, encrypted[..size], encrypted.Slice(size, TagSize), serverName);
        plain.Clear();
    }
}
