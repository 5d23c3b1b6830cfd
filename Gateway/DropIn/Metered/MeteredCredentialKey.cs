using System.Buffers.Text;
using System.Text;

namespace NetDiscovery.Gateway.DropIn.Metered;

/// <summary>
/// The <c>apiKey</c> of a single credential, with which a page fetches that credential's ICE servers. It is the credential itself in another
/// form, so that nothing has to be kept for it: <c>MK.</c> and base64url of username, line feed, password.
/// </summary>
/// <param name="Username">TURN username.</param>
/// <param name="Password">TURN password.</param>
public readonly record struct MeteredCredentialKey(string Username, string Password)
{
    private const string Prefix = "MK.";
    private const int MaxLength = 900;

    /// <summary>Reads a key. Says nothing about whether there is such a credential. Never throws.</summary>
    public static bool TryRead(string? text, out MeteredCredentialKey key)
    {
        key = default;
        if (text is null || text.Length > MaxLength || !text.StartsWith(Prefix, StringComparison.Ordinal) || !Base64Url.IsValid(text.AsSpan(Prefix.Length)))
        {
            return false;
        }

        var pair = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text.AsSpan(Prefix.Length)));
        if (pair.IndexOf('\n', StringComparison.Ordinal) is var at && at <= 0)
        {
            return false;
        }

        key = new MeteredCredentialKey(pair[..at], pair[(at + 1)..]);
        return true;
    }

    /// <summary>The key's text; holds the password.</summary>
    public string ToText() => Prefix + Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Username}\n{Password}"));

    /// <summary>Names nothing: the username alone is half of a secret.</summary>
    public override string ToString() => "MeteredCredentialKey";
}
