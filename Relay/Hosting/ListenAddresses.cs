using System.Net;
using System.Net.NetworkInformation;
using NetDiscovery.Relay.RelayedAddresses;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Hosting;

/// <summary>One IP address to listen on and relay from.</summary>
/// <param name="Local">What sockets are bound to; port 0.</param>
/// <param name="Public">What clients are told; port 0.</param>
internal sealed record ListenAddress(TransportAddress Local, TransportAddress Public)
{
    /// <summary>
    /// Works out the addresses of the settings. A wildcard becomes every address of this machine, loopback last: replies must leave from
    /// the address a request came to, and a relayed address must be one.
    /// </summary>
    /// <exception cref="StartupException">No address is left.</exception>
    public static IReadOnlyList<ListenAddress> Resolve(RelayOptions options)
    {
        var locals = options.ListenAddresses.Select(IPAddress.Parse).SelectMany(Expand).Distinct().ToList();
        if (locals.Count == 0)
        {
            throw new StartupException("Relay:ListenAddresses names no address that this machine has.");
        }

        var told = options.PublicAddresses.Select(IPAddress.Parse).ToLookup(address => address.AddressFamily);
        var result = new List<ListenAddress>();
        foreach (var family in locals.GroupBy(address => address.AddressFamily))
        {
            var publics = told[family.Key].ToArray();
            result.AddRange(family.Select((local, i) => new ListenAddress(
                ToTransport(local), ToTransport(publics.Length == 0 ? local : publics[Math.Min(i, publics.Length - 1)]))));
        }

        // In the order of the settings, so that the first one named is the first one offered.
        return [.. result.OrderBy(address => locals.IndexOf(address.Local.ToIPAddress()))];
    }

    /// <summary>Makes the pools of relayed ports: one for each public address, since a port there can be told apart only once.</summary>
    public static RelayedAddressSet MakeRelayed(IReadOnlyList<ListenAddress> addresses, RelayOptions options, TimeProvider time) =>
        new([.. addresses.DistinctBy(address => address.Public).Select(address => new RelayedAddress(address.Local, address.Public, new PortPool(options.MinPort, options.MaxPort), time))]);

    /// <summary>Every address of this machine at this moment, listened on or not: what runs there must not be reached from within, past the machine's firewall.</summary>
    public static IReadOnlyList<TransportAddress> OfThisMachine()
    {
        try
        {
            return [.. Expand(IPAddress.Any).Concat(Expand(IPAddress.IPv6Any)).Select(ToTransport)];
        }
        catch (NetworkInformationException)
        {
            // The system does not tell; private addresses are closed all the same.
            return [];
        }
    }

    private static IEnumerable<IPAddress> Expand(IPAddress address)
    {
        if (!address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))
        {
            return [address];
        }

        return NetworkInterface.GetAllNetworkInterfaces()
            .Where(card => card.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
            .SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .Where(found => found.AddressFamily == address.AddressFamily && !found.IsIPv6LinkLocal)
            .OrderBy(IPAddress.IsLoopback);
    }

    private static TransportAddress ToTransport(IPAddress address) => TransportAddress.From(new IPEndPoint(address, 0));
}
