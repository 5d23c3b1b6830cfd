namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>Addresses that no stranger may reach through a relay unless its operator says so, and the IPv4 addresses hidden inside IPv6 ones.</summary>
internal static class SpecialAddresses
{
    /// <summary>The safe default: every block of the IANA special-purpose registries that is not plain global unicast.</summary>
    public static AddressBlockSet DeniedByDefault { get; } = AddressBlockSet.FromValidated(
    [
        "0.0.0.0/8",          // this network
        "10.0.0.0/8",         // private
        "100.64.0.0/10",      // carrier-grade NAT
        "127.0.0.0/8",        // loopback
        "169.254.0.0/16",     // link-local, cloud metadata services
        "172.16.0.0/12",      // private
        "192.0.0.0/24",       // IETF protocol assignments
        "192.0.2.0/24",       // documentation
        "192.31.196.0/24",    // AS112
        "192.52.193.0/24",    // AMT
        "192.88.99.0/24",     // 6to4 relay anycast
        "192.168.0.0/16",     // private
        "192.175.48.0/24",    // AS112
        "198.18.0.0/15",      // benchmarking
        "198.51.100.0/24",    // documentation
        "203.0.113.0/24",     // documentation
        "224.0.0.0/4",        // multicast
        "240.0.0.0/4",        // reserved, broadcast
        "::/128",             // unspecified
        "::1/128",            // loopback
        "64:ff9b:1::/48",     // local-use NAT64: where the IPv4 address sits depends on the site
        "100::/64",           // discard only
        "2001::/23",          // IETF protocol assignments, Teredo and ORCHID among them
        "2001:db8::/32",      // documentation
        "3fff::/20",          // documentation
        "5f00::/16",          // segment routing
        "fc00::/7",           // unique local
        "fe80::/10",          // link-local
        "fec0::/10",          // site-local, deprecated
        "ff00::/8",           // multicast
    ]);

    private static readonly AddressBlock SixToFour = AddressBlock.Parse("2002::/16");
    private static readonly AddressBlock Teredo = AddressBlock.Parse("2001::/32");
    private static readonly AddressBlock Nat64 = AddressBlock.Parse("64:ff9b::/96");
    private static readonly AddressBlock Compatible = AddressBlock.Parse("::/96");
    private static readonly AddressBlock Isatap = AddressBlock.Parse("::5efe:0:0/96");

    /// <summary>Finds the IPv4 addresses a packet to <paramref name="address"/> may end at.</summary>
    /// <param name="address">An IPv6 address as <see cref="AddressBlock.ValueOf(uint)"/> numbers them.</param>
    /// <param name="embedded">Takes at most two addresses.</param>
    /// <returns>How many were found.</returns>
    public static int FindEmbedded(UInt128 address, Span<UInt128> embedded)
    {
        var last = (uint)address;
        if (SixToFour.Contains(address))
        {
            embedded[0] = AddressBlock.ValueOf((uint)(address >> 80));
            return 1;
        }

        if (Teredo.Contains(address))
        {
            embedded[0] = AddressBlock.ValueOf((uint)(address >> 64));
            embedded[1] = AddressBlock.ValueOf(~last);
            return 2;
        }

        if (address <= UInt128.One)
        {
            // Unspecified and loopback look like IPv4-compatible ones and are themselves.
            return 0;
        }

        // ISATAP's marker sits in the interface identifier, behind any prefix.
        if (Nat64.Contains(address) || Compatible.Contains(address) || Isatap.Contains((UInt128)(ulong)address))
        {
            embedded[0] = AddressBlock.ValueOf(last);
            return 1;
        }

        return 0;
    }
}
