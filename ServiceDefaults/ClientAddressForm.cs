using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.ServiceDefaults;

/// <summary>How much of a client's or peer's address log lines show: addresses are personal data.</summary>
public enum ClientAddressForm
{
    /// <summary>The network it is in: an IPv4 /24, an IPv6 /48. No port.</summary>
    Prefix,

    /// <summary>Address and port.</summary>
    Full,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>Writes addresses of clients and peers for log lines.</summary>
public static class ClientAddressFormat
{
    private const int IPv4Kept = 3, IPv6Kept = 6;

    /// <summary>Writes an address as <paramref name="form"/> says.</summary>
    /// <param name="form">How much.</param>
    /// <param name="address">The address; an IPv4-mapped one is written as IPv4.</param>
    /// <param name="port">0 for none.</param>
    public static string Write(ClientAddressForm form, IPAddress address, int port)
    {
        if (form == ClientAddressForm.None)
        {
            return "(not logged)";
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (form == ClientAddressForm.Full)
        {
            return port == 0 ? plain.ToString() : new IPEndPoint(plain, port).ToString();
        }

        var bytes = plain.GetAddressBytes();
        var kept = plain.AddressFamily == AddressFamily.InterNetwork ? IPv4Kept : IPv6Kept;
        bytes.AsSpan(kept).Clear();
        return $"{new IPAddress(bytes)}/{8 * kept}";
    }
}
