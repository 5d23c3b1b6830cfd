using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.ServiceDefaults.TenantServers;

/// <summary>
/// Which addresses a tenant's URL may lead to. Gateways and silos stand inside the operator's network: without this a tenant could have them call
/// metadata services, databases and consoles that only insiders reach. Judged on the address that is connected to, so a name that
/// resolves to another address a moment later gets nowhere.
/// </summary>
public static class OutboundAddresses
{
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    // IANA's special-purpose registries, and what carries such an address inside of it.
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    /// <returns>True for a plain global unicast address.</returns>
    public static bool IsPublic(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return (plain.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(plain)) && !Special.Any(block => block.Contains(plain));
    }
}
