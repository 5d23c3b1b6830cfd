namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>Addresses that no stranger may reach through a relay unless its operator says so, and the IPv4 addresses hidden inside IPv6 ones.</summary>
internal static class SpecialAddresses
{
    // Every block of the IANA special-purpose registries inside IPv4 and IPv6 global unicast, and what clouds keep for themselves.
    private static AddressBlockSet DeniedByDefault { get; } = AddressBlockSet.FromValidated(
    [
        "0.0.0.0/8",          // this network
        "10.0.0.0/8",         // private
        "100.64.0.0/10",      // carrier-grade NAT, a cloud metadata service
        "127.0.0.0/8",        // loopback
        "168.63.129.16/32",   // Azure's service address inside every virtual machine
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
        "::/96",              // unspecified, loopback, IPv4-compatible (deprecated)
        "64:ff9b:1::/48",     // local-use NAT64: where the IPv4 address sits depends on the site
        "2001::/23",          // IETF protocol assignments, Teredo and ORCHID among them
        "2001:db8::/32",      // documentation
        "2620:4f:8000::/48",  // AS112
        "3ffe::/16",          // 6bone, given back
        "3fff::/20",          // documentation
    ]);

    // All that IANA has given out as global unicast. The rest of IPv6 (unique local, link-local, multicast, discard-only, segment routing …) is nobody's to reach.
    private static readonly AddressBlock GlobalUnicast = AddressBlock.Parse("2000::/3");

    private static readonly AddressBlock SixToFour = AddressBlock.Parse("2002::/16");
    private static readonly AddressBlock Teredo = AddressBlock.Parse("2001::/32");
    private static readonly AddressBlock Nat64 = AddressBlock.Parse("64:ff9b::/96");
    private static readonly AddressBlock Compatible = AddressBlock.Parse("::/96");
    private static readonly AddressBlock Isatap = AddressBlock.Parse("::5efe:0:0/96");

    /// <returns>True when <paramref name="address"/> is closed unless the operator opens it.</returns>
    public static bool IsDenied(UInt128 address) =>
        DeniedByDefault.Contains(address) || (address >> 32 != 0xFFFF && !GlobalUnicast.Contains(address) && !Nat64.Contains(address));

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
