using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Gateway.Authentication;

/// <summary>What an Authorization header claims, with the secret reduced to its hash.</summary>
/// <param name="Tenant">The tenant whose auth token it is, if it is one.</param>
/// <param name="Key">The API key, if it is one.</param>
/// <param name="SecretHash">SHA-256 of the presented secret, in hexadecimal digits.</param>
/// <remarks>Neither tenant nor key: a bearer that can only be the operator's.</remarks>
public sealed record PresentedCredential(TenantId? Tenant, ApiKeyId? Key, string SecretHash)
{
    private const int MaxHeaderLength = 1024;
    private const int MaxNameLength = 64;
    private const int MaxSecretBytes = 3 * MaxHeaderLength;
    private const string OperatorUser = "operator:";

    /// <summary>What kind of caller it claims, for metrics.</summary>
    public string Kind => Tenant is not null ? "tenant" : Key is not null ? "key" : "operator";

    /// <summary>Whom it claims to be, for counting failures.</summary>
    public string Claimed => Tenant?.ToString() ?? Key?.ToString() ?? "operator";

    /// <summary>True when the hash is one.</summary>
    [JsonIgnore]
    public bool IsWellFormed => SecretHash is { Length: 2 * SHA256.HashSizeInBytes } && SecretHash.All(char.IsAsciiHexDigit);

    /// <summary>Reads an Authorization header.</summary>
    /// <param name="header">The header.</param>
    /// <param name="credential">What it claims.</param>
    /// <param name="operatorByBasic">Take the operator's key as password of user <c>operator</c>; see <see cref="OperatorSignsInByBrowser"/>.</param>
    /// <returns>False for anything that is no Basic or Bearer credential of a known shape. Never throws.</returns>
    public static bool TryRead(string? header, out PresentedCredential credential, bool operatorByBasic = false)
    {
        credential = new PresentedCredential(null, null, "");
        if (header is null || header.Length > MaxHeaderLength || header.IndexOf(' ') is var space && space <= 0)
        {
            return false;
        }

        var value = header.AsSpan(space + 1).Trim();
        if (header.AsSpan(0, space).Equals("Basic", StringComparison.OrdinalIgnoreCase))
        {
            Span<byte> decoded = stackalloc byte[MaxHeaderLength];
            Span<char> chars = stackalloc char[MaxHeaderLength];
            if (!Convert.TryFromBase64Chars(value, decoded, out var length))
            {
                return false;
            }

            ReadOnlySpan<char> pair = chars[..Encoding.UTF8.GetChars(decoded[..length], chars)];
            return TryNamed(pair, ':', acceptTenant: true, ref credential) || (operatorByBasic && TryOperator(pair, ref credential));
        }

        if (!header.AsSpan(0, space).Equals("Bearer", StringComparison.OrdinalIgnoreCase) || value.Length == 0)
        {
            return false;
        }

        if (!TryNamed(value, '.', acceptTenant: false, ref credential))
        {
            credential = new PresentedCredential(null, null, Hash(value));
        }

        return true;
    }

    /// <summary>Reads what somebody typed: an account or key and its secret, or the operator key alone.</summary>
    /// <param name="name"><c>AC…</c> or <c>SK…</c>; empty for the operator.</param>
    /// <param name="secret">The secret that belongs to it.</param>
    /// <returns>False for a name of another shape, or without a secret. Never throws.</returns>
    public static bool TryTyped(string name, string secret, out PresentedCredential credential)
    {
        credential = new PresentedCredential(null, null, "");
        if (secret.Length == 0 || name.Length + secret.Length > MaxHeaderLength)
        {
            return false;
        }

        if (name.Length > 0)
        {
            return TryNamed(name, secret, acceptTenant: true, ref credential);
        }

        credential = new PresentedCredential(null, null, Hash(secret));
        return true;
    }

    private static bool TryOperator(ReadOnlySpan<char> pair, ref PresentedCredential credential)
    {
        if (!pair.StartsWith(OperatorUser, StringComparison.Ordinal))
        {
            return false;
        }

        credential = new PresentedCredential(null, null, Hash(pair[OperatorUser.Length..]));
        return true;
    }

    private static bool TryNamed(ReadOnlySpan<char> pair, char separator, bool acceptTenant, ref PresentedCredential credential)
    {
        var at = pair.IndexOf(separator);
        return at is >= 0 and <= MaxNameLength && TryNamed(pair[..at].ToString(), pair[(at + 1)..], acceptTenant, ref credential);
    }

    private static bool TryNamed(string name, ReadOnlySpan<char> secret, bool acceptTenant, ref PresentedCredential credential)
    {
        if (acceptTenant && TenantId.TryParse(name, out var tenant))
        {
            credential = new PresentedCredential(tenant, null, Hash(secret));
            return true;
        }

        if (ApiKeyId.TryParse(name, out var key))
        {
            credential = new PresentedCredential(null, key, Hash(secret));
            return true;
        }

        return false;
    }

    private static string Hash(ReadOnlySpan<char> secret)
    {
        Span<byte> text = stackalloc byte[MaxSecretBytes];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(secret, text)], hash);
        return Convert.ToHexString(hash);
    }
}
