using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NetDiscovery.ServiceDefaults.Regions;

/// <summary>The proof that a request comes from another region, sent in the header <see cref="Header"/>: HMAC-SHA256 over all that the request means.</summary>
/// <param name="From">The region that sent it.</param>
/// <param name="To">The region it is for: a request for one region is good in no other.</param>
/// <param name="Time">When it was signed, whole seconds since 1970 in UTC.</param>
/// <param name="Nonce">16 random bytes as 32 hexadecimal digits: tells a repetition.</param>
/// <param name="BodyHash">SHA-256 of the body, 64 hexadecimal digits; of nothing for none.</param>
/// <param name="Signature">32 bytes as 64 hexadecimal digits.</param>
public sealed record LinkSignature(string From, string To, long Time, string Nonce, string BodyHash, string Signature)
{
    /// <summary>Name of the header.</summary>
    public const string Header = "NetDiscovery-Link";

    /// <summary>Name of the header that a forwarded request carries beside it, signed with it.</summary>
    public const string ForwardedHeader = "NetDiscovery-Forwarded";

    /// <summary><see cref="BodyHash"/> of a request without a body.</summary>
    public const string EmptyBodyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private const string Version = "v1";
    private const int MaxLength = 512;
    private const int DigestDigits = 64;
    private const int NonceDigits = 32;

    /// <summary>Signs a request with the peer's first key.</summary>
    /// <param name="from">This region.</param>
    /// <param name="to">The region it goes to.</param>
    /// <param name="method">HTTP method.</param>
    /// <param name="target">Path and query exactly as they are sent.</param>
    /// <param name="bodyHash">SHA-256 of the body in hexadecimal digits.</param>
    /// <param name="forwarded">Value of <see cref="ForwardedHeader"/>; empty for none.</param>
    /// <param name="now">The clock.</param>
    public static LinkSignature Make(string from, RegionPeer to, string method, string target, string bodyHash, string forwarded, DateTimeOffset now)
    {
        var unsigned = new LinkSignature(from, to.Name, now.ToUnixTimeSeconds(), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NonceDigits / 2)), bodyHash, "");
        return unsigned with { Signature = Convert.ToHexStringLower(unsigned.Compute(to.Keys[0], method, target, forwarded)) };
    }

    /// <returns>True when one of the sender's keys gives this signature. Every key is tried, in constant time.</returns>
    public bool IsMadeBy(RegionPeer sender, string method, string target, string forwarded)
    {
        var given = Convert.FromHexString(Signature);
        var good = false;
        foreach (var key in sender.Keys)
        {
            good |= CryptographicOperations.FixedTimeEquals(Compute(key, method, target, forwarded), given);
        }

        return good;
    }

    /// <summary>Reads the header.</summary>
    /// <returns>False for anything of another shape. Never throws.</returns>
    public static bool TryRead(string? header, out LinkSignature signature)
    {
        signature = new LinkSignature("", "", 0, "", "", "");
        if (header is null || header.Length > MaxLength || header.Split(';') is not [Version, var from, var to, var time, var nonce, var body, var digest]
            || !TryValue(from, "from", out var sender) || !TryValue(to, "to", out var receiver) || !TryValue(time, "time", out var seconds)
            || !TryValue(nonce, "nonce", out var number) || !TryValue(body, "body", out var hash) || !TryValue(digest, "signature", out var proof)
            || !long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            || !IsHex(number, NonceDigits) || !IsHex(hash, DigestDigits) || !IsHex(proof, DigestDigits))
        {
            return false;
        }

        signature = new LinkSignature(sender, receiver, at, number, hash, proof);
        return true;
    }

    /// <summary>The header's value.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Version};from={From};to={To};time={Time};nonce={Nonce};body={BodyHash};signature={Signature}");

    // Lines can't run into each other: none of the parts holds a line break, which no header and no request line can carry.
    private byte[] Compute(byte[] key, string method, string target, string forwarded) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"netdiscovery link {Version}\n{From}\n{To}\n{method}\n{target}\n{Time}\n{Nonce}\n{BodyHash}\n{forwarded}")));

    private static bool TryValue(string part, string name, out string value)
    {
        value = part.Length > name.Length && part[name.Length] == '=' && part.StartsWith(name, StringComparison.Ordinal) ? part[(name.Length + 1)..] : "";
        return value.Length > 0;
    }

    private static bool IsHex(string text, int digits) => text.Length == digits && text.All(char.IsAsciiHexDigitLower);
}
