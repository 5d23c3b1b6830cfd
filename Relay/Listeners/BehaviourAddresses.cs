using System.Net;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Listeners;

/// <summary>
/// The two addresses and two ports of NAT behaviour discovery (RFC 5780 §6): four transport addresses, on each of which every worker has a
/// socket, so that whoever receives a request can answer it from any of them. Indices: 0 is what clients are told first, 1 the other.
/// </summary>
internal sealed class BehaviourAddresses
{
    private readonly ListenAddress[] addresses;
    private readonly ushort[] ports;

    private BehaviourAddresses(ListenAddress primary, ListenAddress alternate, ushort port, ushort alternatePort)
    {
        addresses = [primary, alternate];
        ports = [port, alternatePort];
    }

    /// <summary>The second address as the settings have it.</summary>
    public ListenAddress Alternate => addresses[1];

    /// <summary>All four, as sockets are bound.</summary>
    public IEnumerable<TransportAddress> Locals => from address in addresses from port in ports select address.Local.WithPort(port);

    /// <summary>Works out the four addresses of the settings.</summary>
    /// <param name="listening">The addresses clients are served on.</param>
    /// <param name="options">The settings.</param>
    /// <returns>Null when the settings name no second address and port.</returns>
    /// <exception cref="StartupException">There is no first address beside the second.</exception>
    public static BehaviourAddresses? Resolve(IReadOnlyList<ListenAddress> listening, RelayOptions options)
    {
        if (options.AlternateAddress is not { } text || options.AlternatePort is not { } alternatePort)
        {
            return null;
        }

        var local = TransportAddress.From(new IPEndPoint(IPAddress.Parse(text), 0));
        var told = options.AlternatePublicAddress is { } seen ? TransportAddress.From(new IPEndPoint(IPAddress.Parse(seen), 0)) : default;
        var known = listening.FirstOrDefault(address => address.Local.SameAddress(local));
        var alternate = new ListenAddress(local, told.IsSet ? told : known?.Public ?? local);
        var primary = listening.FirstOrDefault(address => address.Local.Family == local.Family && !address.Local.SameAddress(local))
            ?? throw new StartupException(
                $"Relay:AlternateAddress is {text}, and Relay:ListenAddresses names no other address of its family: RFC 5780 needs two. Name both, or leave Relay:AlternateAddress and Relay:AlternatePort out.");
        return primary.Public.SameAddress(alternate.Public)
            ? throw new StartupException(
                $"Clients would see Relay:AlternateAddress and {primary.Local.ToIPAddress()} as one address, {primary.Public.ToIPAddress()}: give each its own in Relay:PublicAddresses and Relay:AlternatePublicAddress.")
            : new BehaviourAddresses(primary, alternate, (ushort)options.Port, (ushort)alternatePort);
    }

    /// <summary>Finds which of the four a request came to.</summary>
    public bool TryLocate(in TransportAddress server, out int address, out int port)
    {
        address = server.SameAddress(addresses[0].Local) ? 0 : server.SameAddress(addresses[1].Local) ? 1 : -1;
        port = Array.IndexOf(ports, server.Port);
        return address >= 0 && port >= 0;
    }

    /// <summary>One of the four as clients see it.</summary>
    public TransportAddress Public(int address, int port) => addresses[address].Public.WithPort(ports[port]);
}
