using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>Reads address blocks as people write them and writes them one way.</summary>
public static class Cidr
{
    private const int MaxLength = 64;

    /// <summary>Reads <c>10.0.0.0/8</c>, <c>2001:db8::/32</c> or a single address.</summary>
    /// <param name="text">Candidate text.</param>
    /// <param name="block">The block with host bits cleared; a single address becomes /32 or /128, an IPv4-mapped one IPv4.</param>
    /// <returns>False for anything else, also for shortened IPv4 (<c>10.1</c>), zones and leading zeros. Never throws.</returns>
    public static bool TryNormalise(string text, out string block)
    {
        block = "";
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? text : text[..slash];
        if (text.Length > MaxLength || !TryAddress(host, out var address))
        {
            return false;
        }

        var bytes = address.GetAddressBytes();
        var prefix = bytes.Length * 8;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > bytes.Length * 8))
        {
            return false;
        }

        if (address.IsIPv4MappedToIPv6 && prefix >= 96)
        {
            bytes = bytes[12..];
            prefix -= 96;
        }

        for (var bit = prefix; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        block = string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(bytes)}/{prefix}");
        return true;
    }

    /// <returns>True for one IPv4 or IPv6 address in full text form.</returns>
    public static bool TryAddress(string text, out IPAddress address)
    {
        address = IPAddress.None;
        if (!IPAddress.TryParse(text, out var parsed) || text.AsSpan().ContainsAny('%', '[', ']')
            || (parsed.AddressFamily == AddressFamily.InterNetwork && parsed.ToString() != text))
        {
            return false;
        }

        address = parsed;
        return true;
    }
}
