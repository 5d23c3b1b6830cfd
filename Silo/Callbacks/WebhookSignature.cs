using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Silo.Callbacks;

/// <summary>Signs as the Standard Webhooks specification says: <c>v1,</c> and HMAC-SHA256 over id, time and body, for each secret that holds.</summary>
public static class WebhookSignature
{
    /// <summary>What receivers' secrets begin with; the rest is the secret in Base64.</summary>
    public const string SecretPrefix = "whsec_";

    /// <returns>The secret as its owner has it.</returns>
    public static string Text(byte[] secret) => SecretPrefix + Convert.ToBase64String(secret);

    /// <returns>The value of <c>webhook-signature</c>.</returns>
    public static string Sign(string id, DateTimeOffset at, string body, ImmutableArray<SigningKey> secrets)
    {
        var content = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{at.ToUnixTimeSeconds()}.{body}"));
        return string.Join(' ', secrets.Select(key => "v1," + Convert.ToBase64String(HMACSHA256.HashData(key.Secret, content))));
    }
}
