using System.Net;

namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>A prefix behind which a NAT64 of the operator's network finds IPv4 addresses (RFC 6052 §2.2): bits 64 to 71 hold none of them.</summary>
internal readonly struct Nat64Prefix
{
    private readonly AddressBlock block;
    private readonly int length;

    private Nat64Prefix(AddressBlock block, int length)
    {
        this.block = block;
        this.length = length;
    }

    /// <summary>Reads <c>2001:db8:64::/96</c>; lengths are 32, 40, 48, 56, 64 and 96.</summary>
    public static bool TryParse(string? text, out Nat64Prefix prefix)
    {
        prefix = default;
        var slash = text?.IndexOf('/') ?? -1;
        if (slash < 0 || !AddressBlock.TryParse(text, out var block) || !IPAddress.TryParse(text![..slash], out var address) || address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6
            || !int.TryParse(text.AsSpan(slash + 1), out var length) || length is not (32 or 40 or 48 or 56 or 64 or 96))
        {
            return false;
        }

        prefix = new Nat64Prefix(block, length);
        return true;
    }

    /// <returns>True with the number of the IPv4 address inside <paramref name="address"/> when that lies behind this prefix.</returns>
    public bool TryFind(UInt128 address, out UInt128 embedded)
    {
        // Without the octet between: what follows the prefix is then 32 bits in a row.
        var bits = length == 96 ? address : ((address >> 64) << 56) | (address & (UInt128.MaxValue >> 72));
        var width = length == 96 ? 128 : 120;
        embedded = AddressBlock.ValueOf((uint)(bits >> (width - length - 32)));
        return block.Contains(address);
    }
}
