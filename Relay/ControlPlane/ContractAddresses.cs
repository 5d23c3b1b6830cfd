using System.Globalization;
using ContractAddress = NetDiscovery.Grains.Interfaces.Addresses.TransportAddress;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>Between the packet path's addresses and those of contracts.</summary>
internal static class ContractAddresses
{
    /// <returns>The address in the form control events carry.</returns>
    public static ContractAddress ToContract(this TransportAddress address)
    {
        if (address.AddressSize != 4)
        {
            return ContractAddress.From(address.ToIPEndPoint());
        }

        // Three of them for each allocation: no objects but the text.
        Span<byte> bytes = stackalloc byte[4];
        address.WriteAddress(bytes);
        return new ContractAddress(string.Create(CultureInfo.InvariantCulture, $"{bytes[0]}.{bytes[1]}.{bytes[2]}.{bytes[3]}"), address.Port);
    }
}
