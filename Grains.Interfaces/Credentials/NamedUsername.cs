using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NetDiscovery.Grains.Interfaces.Credentials;

/// <summary>
/// The usernames that are not minted: <c>AC…:name</c> of a static credential, and <c>expiry:AC…</c> or <c>expiry:AC…:user</c> of the REST form that
/// existing tools produce (draft-uberti-behave-turn-rest). No minted username holds a colon, so the three can't be mistaken for each other.
/// </summary>
/// <param name="Tenant">Who pays.</param>
/// <param name="ExpiresAt">REST form: when the credential ends; null = a static credential.</param>
/// <param name="Name">What follows the tenant; may be empty in the REST form.</param>
public readonly record struct NamedUsername(TenantId Tenant, DateTimeOffset? ExpiresAt, string Name)
{
    /// <summary>Longest username, in bytes.</summary>
    public const int MaxLength = 255;

    private const int TenantLength = 34;

    /// <summary>A version that no signing key has: the claims are not signed, their secret is found by name.</summary>
    public const uint KeyVersion = uint.MaxValue;

    /// <summary>Expiry in the claims of a credential that has none.</summary>
    public static readonly DateTimeOffset Never = DateTimeOffset.FromUnixTimeSeconds(uint.MaxValue);

    /// <summary>The username of a static credential.</summary>
    public static string Static(TenantId tenant, string name) => $"{tenant}:{name}";

    /// <summary>Reads a username. Says nothing about whether there is such a credential. Never throws.</summary>
    public static bool TryRead(ReadOnlySpan<byte> username, out NamedUsername read)
    {
        read = default;
        if (username.Length > MaxLength || username.IndexOf((byte)':') is var colon && colon < 0 || !Ascii.IsValid(username))
        {
            return false;
        }

        DateTimeOffset? expiresAt = null;
        if (username[..colon].Length != TenantLength)
        {
            // Seconds since 1970, up to what claims hold.
            if (!uint.TryParse(username[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                return false;
            }

            expiresAt = DateTimeOffset.FromUnixTimeSeconds(seconds);
            username = username[(colon + 1)..];
            colon = username.IndexOf((byte)':');
            colon = colon < 0 ? username.Length : colon;
        }

        if (colon != TenantLength || !TenantId.TryParse(Encoding.ASCII.GetString(username[..colon]), out var tenant))
        {
            return false;
        }

        read = new NamedUsername(tenant, expiresAt, colon == username.Length ? "" : Encoding.ASCII.GetString(username[(colon + 1)..]));
        return expiresAt is not null || read.Name.Length > 0;
    }

    /// <summary>What a REST-form username amounts to: the user is the label, so usage can be told apart and revoked by it.</summary>
    /// <param name="username">The username it was read from.</param>
    public CredentialClaims RestClaims(ReadOnlySpan<byte> username)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(username, hash);
        return new CredentialClaims
        {
            Tenant = Tenant,
            KeyVersion = KeyVersion,
            Token = new TokenId(new Guid(hash[..16], bigEndian: true)),

            // Nobody knows when it was made: revoking its label always means it.
            IssuedAt = DateTimeOffset.UnixEpoch,
            ExpiresAt = ExpiresAt!.Value,
            Label = Name.Length is > 0 and <= 64 ? Name : null,
        };
    }

    /// <summary>The password of a REST-form username: Base64 of its HMAC-SHA1 under the shared secret's text.</summary>
    public static string RestPassword(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> username)
    {
        Span<byte> mac = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The form that existing tools produce.
        HMACSHA1.HashData(secret, username, mac);
#pragma warning restore CA5350
        return Convert.ToBase64String(mac);
    }
}
