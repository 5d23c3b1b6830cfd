using System.Net;
using NetDiscovery.Client.Models;
using NetDiscovery.Relay.Client;

namespace NetDiscovery.Cli.Doctor;

/// <summary>One address of a relay: what a STUN or TURN URI (RFC 7064, RFC 7065) or a relay's announcement names.</summary>
/// <param name="Transport">How it is reached.</param>
/// <param name="Host">Name or IP address, without brackets.</param>
/// <param name="Port">Port.</param>
internal sealed record ServerAddress(ClientTransport Transport, string Host, int Port)
{
    private const int PlainPort = 3478, SecurePort = 5349;

    /// <summary>Reads <c>turn:host:port?transport=tcp</c>, <c>turns:…</c>, <c>stun:…</c> and <c>stuns:…</c>.</summary>
    /// <returns>Null when it is none of these.</returns>
    public static ServerAddress? FromUri(string uri)
    {
        var scheme = uri.Split(':', 2)[0];
        var isSecure = scheme is "turns" or "stuns";
        if (scheme is not ("turn" or "turns" or "stun" or "stuns"))
        {
            return null;
        }

        var (authority, query) = uri[(scheme.Length + 1)..].Split('?', 2) is [var first, var second] ? (first, second) : (uri[(scheme.Length + 1)..], "");
        var isTcp = query == "transport=tcp" || (query.Length == 0 && isSecure);
        var transport = (isSecure, isTcp) switch
        {
            (true, true) => ClientTransport.Tls,
            (true, false) => ClientTransport.Dtls,
            (false, true) => ClientTransport.Tcp,
            (false, false) => ClientTransport.Udp,
        };
        var colon = authority.LastIndexOf(':');
        var hasPort = colon > authority.LastIndexOf(']') && int.TryParse(authority.AsSpan(colon + 1), out _);
        var host = (hasPort ? authority[..colon] : authority).Trim('[', ']');
        var port = hasPort ? int.Parse(authority[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture) : isSecure ? SecurePort : PlainPort;
        return host.Length == 0 ? null : new ServerAddress(transport, host, port);
    }

    /// <summary>Reads what a relay announces.</summary>
    /// <returns>Null for a transport that this program does not know.</returns>
    public static ServerAddress? From(RelayListener listener) => listener.Transport switch
    {
        "udp" => new ServerAddress(ClientTransport.Udp, listener.Host, listener.Port),
        "tcp" => new ServerAddress(ClientTransport.Tcp, listener.Host, listener.Port),
        "tls" => new ServerAddress(ClientTransport.Tls, listener.Host, listener.Port),
        "dtls" => new ServerAddress(ClientTransport.Dtls, listener.Host, listener.Port),
        _ => null,
    };

    /// <summary>What a firewall has to let through.</summary>
    public string PortAndProtocol => $"{Port}/{(Transport is ClientTransport.Udp or ClientTransport.Dtls ? "udp" : "tcp")}";

    /// <summary>The transport's name, host and port.</summary>
    public override string ToString() =>
        $"{Transport.ToString().ToLowerInvariant()} {(IPAddress.TryParse(Host, out var address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{Host}]" : Host)}:{Port}";
}
