using System.Collections.Immutable;
using System.Net;
using System.Text;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>One transport address of another server (RFC 8489 §10).</summary>
/// <param name="Transport">The transport it serves there.</param>
/// <param name="Address">ALTERNATE-SERVER.</param>
/// <param name="Domain">ALTERNATE-DOMAIN, ASCII; empty = none.</param>
internal sealed record AlternateServer(Transport Transport, TransportAddress Address, byte[] Domain)
{
    /// <summary>What the settings name.</summary>
    public static ImmutableArray<AlternateServer> From(IEnumerable<AlternateServerOptions> options) =>
    [
        .. from option in options
           from transport in Enum.GetValues<Transport>()
           let port = transport is Transport.Udp or Transport.Tcp ? option.Port : option.TlsPort
           where port != 0
           select new AlternateServer(transport, At(IPAddress.Parse(option.Address), port), Encoding.ASCII.GetBytes(option.Domain ?? "")),
    ];

    /// <summary>What relays announce: where a listener has a name, the addresses are those it relays from.</summary>
    public static ImmutableArray<AlternateServer> From(IEnumerable<RelayAnnouncement> relays) =>
    [
        .. from relay in relays
           from listener in relay.Listeners
           let named = !IPAddress.TryParse(listener.Host, out _)
           from text in named ? relay.RelayedAddresses : [listener.Host]
           let address = IPAddress.TryParse(text, out var parsed) ? parsed : null
           where address is not null
           select new AlternateServer(listener.Transport, At(address, listener.Port), Encoding.ASCII.GetBytes(named ? listener.Host : "")),
    ];

    private static TransportAddress At(IPAddress address, int port) => TransportAddress.From(new IPEndPoint(address, port));
}
