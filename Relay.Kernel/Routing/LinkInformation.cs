namespace NetDiscovery.Relay.Kernel.Routing;

/// <summary>A network interface as the kernel knows it.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsEthernet">False for loopback, tunnels and the like.</param>
/// <param name="IsLoopback">Its frames have Ethernet headers too, with zeros for addresses.</param>
/// <param name="IsUp">Set up by the administrator.</param>
/// <param name="Mtu">Largest IP packet, bytes.</param>
/// <param name="Kind">What makes it, for an interface made of software: <c>veth</c>, <c>bridge</c>; empty for a device.</param>
/// <param name="Address">Hardware address in the low six bytes, first byte lowest.</param>
internal sealed record LinkInformation(int Index, string Name, bool IsEthernet, bool IsLoopback, bool IsUp, int Mtu, string Kind, ulong Address);
