using ContractAddress = NetDiscovery.Grains.Interfaces.Addresses.TransportAddress;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>Between the packet path's addresses and those of contracts.</summary>
internal static class ContractAddresses
{
    /// <returns>The address in the form control events carry.</returns>
    public static ContractAddress ToContract(this TransportAddress address) => ContractAddress.From(address.ToIPEndPoint());
}
