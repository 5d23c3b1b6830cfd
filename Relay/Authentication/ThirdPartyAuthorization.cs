using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Authentication;

/// <summary>
/// Tokens of authorization servers (RFC 7635). A token is opened with the key its kid (USERNAME) names and carries the integrity key and its
/// own lifetime; the settings say which tenant the kid stands for. Belongs to one worker.
/// </summary>
internal sealed class ThirdPartyAuthorization
{
    /// <summary>Shortest integrity key taken, in bytes; authorization servers make 20 (HMAC-SHA1) or 32.</summary>
    public const int MinMacKey = 16;

    private const int MaxToken = 512;
    private static readonly TimeSpan ClockDifference = TimeSpan.FromSeconds(5);
    private readonly List<(byte[] Id, AesGcm Aead, TenantId Tenant, DateTimeOffset NotBefore, DateTimeOffset NotAfter)> keys = [];

    private ThirdPartyAuthorization(ThirdPartyOptions options)
    {
        ServerName = Encoding.ASCII.GetBytes(options.ServerName!);
        foreach (var key in options.Keys)
        {
            if (key.TryRead(out var bytes, out var tenant))
            {
                keys.Add((Encoding.ASCII.GetBytes(key.Id), new AesGcm(bytes, AccessTokenContent.TagSize), tenant, key.NotBefore ?? DateTimeOffset.MinValue, key.NotAfter ?? DateTimeOffset.MaxValue));
            }
        }
    }

    /// <summary>THIRD-PARTY-AUTHORIZATION.</summary>
    public byte[] ServerName { get; }

    /// <returns>Null when the settings name no server.</returns>
    public static ThirdPartyAuthorization? From(ThirdPartyOptions options) => options.ServerName is null ? null : new ThirdPartyAuthorization(options);

    /// <summary>Opens a token and judges its time.</summary>
    /// <param name="keyId">USERNAME.</param>
    /// <param name="token">ACCESS-TOKEN.</param>
    /// <param name="now">The present.</param>
    /// <param name="claims">What the token amounts to. Key version 0: no key of the tenant has anything to do with it.</param>
    /// <param name="key">The integrity key.</param>
    /// <param name="cutKey">Its first 16 bytes: all that coturn and its clients use of it for MESSAGE-INTEGRITY. As strong as any key of 128 bits.</param>
    /// <returns>False: 401.</returns>
    public bool TryOpen(
        ReadOnlySpan<byte> keyId, in AccessToken token, DateTimeOffset now, [NotNullWhen(true)] out CredentialClaims? claims, [NotNullWhen(true)] out IntegrityKey? key, [NotNullWhen(true)] out IntegrityKey? cutKey)
    {
        (claims, key, cutKey) = (null, null, null);
        Span<byte> opened = stackalloc byte[MaxToken];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        foreach (var candidate in keys)
        {
            if (!keyId.SequenceEqual(candidate.Id))
            {
                continue;
            }

            if (now < candidate.NotBefore || now > candidate.NotAfter
                || !AccessTokenContent.TryOpen(candidate.Aead, ServerName, token, opened, out var content)
                || content.MacKey.Length < MinMacKey
                || content.TimestampSeconds > uint.MaxValue)
            {
                return false;
            }

            // RFC 7635 §4.1.1: the token is good while timestamp + lifetime + 5 s lies ahead. One from the future lives no longer than one made now.
            var issued = DateTimeOffset.FromUnixTimeSeconds((long)content.TimestampSeconds);
            var lifetime = TimeSpan.FromSeconds(content.LifetimeSeconds);
            var expires = (issued < now ? issued : now) + lifetime + ClockDifference;
            if (expires <= now || expires.ToUnixTimeSeconds() > uint.MaxValue)
            {
                return false;
            }

            SHA256.HashData(content.MacKey, hash);
            key = new IntegrityKey(content.MacKey);
            cutKey = new IntegrityKey(content.MacKey[..MinMacKey]);
            claims = new CredentialClaims
            {
                Tenant = candidate.Tenant,
                KeyVersion = 0,
                Token = new TokenId(new Guid(hash[..16])),
                IssuedAt = issued,
                ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(expires.ToUnixTimeSeconds()),
                Label = Encoding.ASCII.GetString(candidate.Id),
            };
            CryptographicOperations.ZeroMemory(opened);
            return true;
        }

        return false;
    }
}
