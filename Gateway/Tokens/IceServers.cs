using System.Globalization;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tokens;

/// <summary>Writes the URIs of relays the way a tenant's configuration wants them.</summary>
public static class IceServers
{
    /// <returns>True when the relay has a listener that the tenant's transports allow.</returns>
    public static bool Serves(RelayStatus relay, DiscoveryConfiguration discovery) =>
        relay.Announcement.Listeners.Any(listener => discovery.Transports.Contains(listener.Transport.Name()));

    /// <summary>
    /// Lists STUN first, then TURN with the credential. A tenant that decided <c>relay-only</c> gets no STUN, one that decided
    /// <c>direct</c> no TURN; an entry without URIs is left out.
    /// </summary>
    public static IReadOnlyList<IceServer> For(IReadOnlyList<RelayStatus> relays, DiscoveryConfiguration discovery, MintedToken token) => For(relays, discovery, token.Username, token.Password);

    /// <inheritdoc cref="For(IReadOnlyList{RelayStatus}, DiscoveryConfiguration, MintedToken)"/>
    public static IReadOnlyList<IceServer> For(IReadOnlyList<RelayStatus> relays, DiscoveryConfiguration discovery, string username, string password)
    {
        var listeners = relays.SelectMany(relay => relay.Announcement.Listeners).Where(listener => discovery.Transports.Contains(listener.Transport.Name())).ToList();
        var servers = new List<IceServer>(2);
        var stun = listeners.Where(listener => listener.Transport == Transport.Udp).Select(listener => $"stun:{HostAndPort(listener)}").Distinct().ToList();
        if (stun.Count > 0 && discovery.Decision != "relay-only")
        {
            servers.Add(new IceServer(stun));
        }

        var turn = listeners.OrderBy(listener => listener.Transport).Select(TurnUri).Distinct().ToList();
        if (turn.Count > 0 && discovery.Decision != "direct")
        {
            servers.Add(new IceServer(turn, username, password));
        }

        return servers;
    }

    private static string TurnUri(RelayListener listener) => listener.Transport switch
    {
        Transport.Udp => $"turn:{HostAndPort(listener)}?transport=udp",
        Transport.Tcp => $"turn:{HostAndPort(listener)}?transport=tcp",
        Transport.Tls => $"turns:{HostAndPort(listener)}?transport=tcp",
        Transport.Dtls => $"turns:{HostAndPort(listener)}?transport=udp",
        _ => throw new ArgumentOutOfRangeException(nameof(listener)),
    };

    private static string HostAndPort(RelayListener listener) => listener.Host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{listener.Host}]:{listener.Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{listener.Host}:{listener.Port}");
}
