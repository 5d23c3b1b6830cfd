namespace NetDiscovery.Fuzz.Handlers;

/// <summary>Peer addresses that inputs choose from, and a second opinion on what may be a peer: written from the registries, not from the relay's code.</summary>
internal static class Peers
{
    /// <summary>The relay's public and local address, and its listener.</summary>
    public static readonly TransportAddress OwnPublic = TransportAddress.Parse("5.6.7.8:0");
    public static readonly TransportAddress OwnLocal = TransportAddress.Parse("9.9.9.9:0");
    public static readonly TransportAddress OwnIPv6 = TransportAddress.Parse("[2600:9::1]:0");

    /// <summary>Denied by one of the tenants' configurations.</summary>
    public const string TenantDenied = "1.2.3.4/32";

    public static readonly TransportAddress[] All =
    [
        TransportAddress.Parse("1.2.3.4:1000"), TransportAddress.Parse("1.2.3.4:1001"), TransportAddress.Parse("4.3.2.1:1000"), TransportAddress.Parse("[2600::1]:1000"),
        TransportAddress.Parse("127.0.0.1:80"), TransportAddress.Parse("10.0.0.1:53"), TransportAddress.Parse("169.254.169.254:80"), TransportAddress.Parse("[::ffff:1.2.3.4]:1000"),
        TransportAddress.Parse("[64:ff9b::a00:1]:1000"), TransportAddress.Parse("[2002:a00:1::1]:1000"), TransportAddress.Parse("[fe80::1]:5"), TransportAddress.Parse("5.6.7.8:3478"),
        TransportAddress.Parse("224.0.0.1:5"), TransportAddress.Parse("0.0.0.0:0"), TransportAddress.Parse("[::1]:80"), TransportAddress.Parse("5.6.7.8:22"),
    ];

    private static readonly System.Net.IPNetwork[] Closed = Array.ConvertAll(
        (string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/96", "::ffff:0:0/96", "fc00::/7", "fe80::/10", "ff00::/8", "2001:db8::/32", "64:ff9b:1::/48",
        ],
        text => System.Net.IPNetwork.Parse(text));

    private static readonly Dictionary<TransportAddress, bool> Known = [];

    /// <returns>True when nobody may ever be sent anything at this address, whatever the configuration of the fuzzed relay.</returns>
    public static bool IsClosed(in TransportAddress peer)
    {
        var address = peer.WithPort(0);
        if (Known.TryGetValue(address, out var closed))
        {
            return closed;
        }

        var ip = address.ToIPAddress();
        closed = Closed.Any(network => network.BaseAddress.AddressFamily == ip.AddressFamily && network.Contains(ip));
        if (Known.Count < 100_000)
        {
            Known[address] = closed;
        }

        return closed;
    }
}
