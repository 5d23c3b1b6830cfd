using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Listeners;

/// <summary>
/// What counts as one source wherever a limit is kept for each: a whole IPv4 address (a wider block would let one host of a provider lock out its neighbours),
/// and an IPv6 /56 (what one subscriber or server is given: by /64 it would count as 256 sources).
/// </summary>
internal static class SourcePrefix
{
    /// <summary>Bits of an IPv6 address that tell sources apart.</summary>
    public const int IPv6Bits = 56;

    /// <returns>The number of the source that <paramref name="client"/> belongs to.</returns>
    public static UInt128 Of(in TransportAddress client)
    {
        var value = AddressBlock.ValueOf(client);
        return client.Family == IPFamily.IPv6 ? value >> (128 - IPv6Bits) << (128 - IPv6Bits) : value;
    }
}
