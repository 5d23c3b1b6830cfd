using System.Buffers;
using System.Security.Cryptography;

namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>
/// Keys of the long-term credential mechanism (RFC 8489 §9.2.2, §18.5). All text is UTF-8 already prepared with OpaqueString (RFC 8265);
/// for ASCII that is the text itself.
/// </summary>
public static class LongTermKey
{
    /// <summary>Bytes of an MD5 key.</summary>
    public const int Md5Size = 16;

    /// <summary>Bytes of a SHA-256 key.</summary>
    public const int Sha256Size = 32;

    /// <summary>MD5(username ":" realm ":" password). Costs about 1 µs: cache the <see cref="IntegrityKey"/> made of it.</summary>
    /// <param name="username">USERNAME value.</param>
    /// <param name="realm">REALM value without quotes.</param>
    /// <param name="password">The password.</param>
    /// <param name="key">Takes 16 bytes.</param>
    public static void DeriveMd5(ReadOnlySpan<byte> username, ReadOnlySpan<byte> realm, ReadOnlySpan<byte> password, Span<byte> key) =>
        Derive(username, realm, password, key[..Md5Size], withPassword: true);

    /// <summary>SHA-256(username ":" realm ":" password).</summary>
    /// <param name="username">USERNAME value.</param>
    /// <param name="realm">REALM value without quotes.</param>
    /// <param name="password">The password.</param>
    /// <param name="key">Takes 32 bytes.</param>
    public static void DeriveSha256(ReadOnlySpan<byte> username, ReadOnlySpan<byte> realm, ReadOnlySpan<byte> password, Span<byte> key) =>
        Derive(username, realm, password, key[..Sha256Size], withPassword: true);

    /// <summary>USERHASH: SHA-256(username ":" realm) (RFC 8489 §14.4).</summary>
    /// <param name="username">The username.</param>
    /// <param name="realm">REALM value without quotes.</param>
    /// <param name="userHash">Takes 32 bytes.</param>
    public static void DeriveUserHash(ReadOnlySpan<byte> username, ReadOnlySpan<byte> realm, Span<byte> userHash) =>
        Derive(username, realm, default, userHash[..Sha256Size], withPassword: false);

    private static void Derive(ReadOnlySpan<byte> username, ReadOnlySpan<byte> realm, ReadOnlySpan<byte> password, Span<byte> key, bool withPassword)
    {
        int length = username.Length + 1 + realm.Length + (withPassword ? 1 + password.Length : 0);
        byte[]? rented = length > 512 ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> input = rented is null ? stackalloc byte[512] : rented;
        input = input[..length];
        username.CopyTo(input);
        input[username.Length] = (byte)':';
        realm.CopyTo(input[(username.Length + 1)..]);
        if (withPassword)
        {
            input[username.Length + 1 + realm.Length] = (byte)':';
            password.CopyTo(input[^password.Length..]);
        }

        if (key.Length == Md5Size) MD5.HashData(input, key);
        else SHA256.HashData(input, key);
        CryptographicOperations.ZeroMemory(input);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
    }
}
