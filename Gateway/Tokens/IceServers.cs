using System.Globalization;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tokens;

/// <summary>Writes the URIs of relays the way a tenant's configuration wants them.</summary>
public static class IceServers
{
    private static readonly Transport[] InOrder = [.. Enum.GetValues<Transport>().Order()];

    /// <returns>True when the relay has a listener that the tenant's transports allow.</returns>
    public static bool Serves(RelayStatus relay, DiscoveryConfiguration discovery)
    {
        foreach (var listener in relay.Announcement.Listeners)
        {
            if (Allows(discovery, listener))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Lists STUN first, then TURN with the credential. A tenant that decided <c>relay-only</c> gets no STUN, one that decided
    /// <c>direct</c> no TURN; an entry without URIs is left out.
    /// </summary>
    public static IceServer[] For(IReadOnlyList<RelayStatus> relays, DiscoveryConfiguration discovery, MintedToken token) => For(relays, discovery, token.Username, token.Password);

    /// <inheritdoc cref="For(IReadOnlyList{RelayStatus}, DiscoveryConfiguration, MintedToken)"/>
    public static IceServer[] For(IReadOnlyList<RelayStatus> relays, DiscoveryConfiguration discovery, string username, string password)
    {
        // Each token passes here: plain loops cost a third of what queries do.
        var (stun, turn) = (new List<string>(2), new List<string>(8));
        foreach (var transport in InOrder)
        {
            foreach (var relay in relays)
            {
                foreach (var listener in relay.Announcement.Listeners)
                {
                    if (listener.Transport == transport && Allows(discovery, listener))
                    {
                        Add(stun, turn, listener, discovery.Decision);
                    }
                }
            }
        }

        List<IceServer> servers = new(2);
        if (stun.Count > 0)
        {
            servers.Add(new IceServer([.. stun]));
        }

        if (turn.Count > 0)
        {
            servers.Add(new IceServer([.. turn], username, password));
        }

        return [.. servers];
    }

    private static bool Allows(DiscoveryConfiguration discovery, RelayListener listener) => discovery.Transports.Contains(listener.Transport.Name());

    private static void Add(List<string> stun, List<string> turn, RelayListener listener, string decision)
    {
        if (listener.Transport == Transport.Udp && decision != "relay-only")
        {
            AddOnce(stun, $"stun:{HostAndPort(listener)}");
        }

        if (decision != "direct")
        {
            AddOnce(turn, TurnUri(listener));
        }
    }

    // Two relays may be known by one name.
    private static void AddOnce(List<string> uris, string uri)
    {
        if (!uris.Contains(uri))
        {
            uris.Add(uri);
        }
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
