using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace NetDiscovery.Silo.Callbacks;

/// <summary>
/// Signs as Twilio does: Base64 of HMAC-SHA1 over the URL and, for a form, each name and value in order of name. The key there is the account's auth token,
/// of which this platform keeps a hash only: in its place stands the text of the tenant's callback secret.
/// </summary>
public static class TwilioSignature
{
    /// <returns>The value of <c>X-Twilio-Signature</c>.</returns>
    /// <param name="secret">The secret as its owner has it.</param>
    /// <param name="url">As it is called, query included.</param>
    /// <param name="fields">The form's fields; none for GET.</param>
    [SuppressMessage("Security", "CA5350", Justification = "The algorithm is Twilio's.")]
    public static string Sign(string secret, string url, IEnumerable<KeyValuePair<string, string>> fields)
    {
        var content = new StringBuilder(url);
        foreach (var (name, value) in fields.OrderBy(field => field.Key, StringComparer.Ordinal))
        {
            content.Append(name).Append(value);
        }

        return Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(content.ToString())));
    }
}
