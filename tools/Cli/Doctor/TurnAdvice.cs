using System.Net.Sockets;
using System.Security.Authentication;
using NetDiscovery.Relay.Client;

namespace NetDiscovery.Cli.Doctor;

/// <summary>What a failed STUN or TURN exchange means, and what to do.</summary>
internal static class TurnAdvice
{
    /// <returns>Null for an exception that is none of the network or the relay.</returns>
    public static Finding? Explain(string check, ServerAddress server, Exception exception, TimeSpan limit) => exception switch
    {
        StunErrorException refusal => Refused(check, refusal),
        TimeoutException or OperationCanceledException => Finding.Problem(
            check, exception is StunTimeoutException ? $"{exception.Message}." : $"No answer within {limit.TotalSeconds:0} s.",
            $"Let {server.PortAndProtocol} to {server.Host} through every firewall on the way, in both directions; see that the relay listens there (Relay:ListenAddresses) and that its machine has that address, or the NAT before it forwards to it."),
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => Finding.Problem(
            check, "The connection is refused: the machine answers, and nothing listens.", "See whether the relay runs, and on which addresses and ports: Relay:ListenAddresses, Relay:Port, Relay:TlsPort, Relay:TlsPorts."),
        SocketException => Finding.Problem(check, $"{exception.Message}.", $"See routing and firewalls between this machine and {server.Host}."),
        AuthenticationException => Finding.Problem(check, exception.Message, "See what listens there: a TLS or DTLS handshake with a relay looks different. Relay:TlsPort and Relay:TlsPorts are its TLS and DTLS ports."),
        PlatformNotSupportedException => Finding.Skipped(check, $"{exception.Message}.", "Install OpenSSL 3 on this machine to try DTLS from here."),
        IOException => Finding.Problem(check, $"The connection was closed: {exception.Message}", "See the relay's log, and whether a proxy on the way closes what is not HTTP."),
        _ => null,
    };

    private static Finding Refused(string check, StunErrorException refusal) => refusal.Code switch
    {
        300 => Finding.Warning(check, "The relay sends clients to another one: it is draining.", "Expected before a stop; else let it take clients again: netdiscovery drain RELAY --undo"),
        401 => Finding.Problem(
            check, "The relay does not accept a token that the gateway has just minted.",
            "See that the clocks of both machines are right, that the tenant is active, and that relay and gateway belong to the same region and cluster."),
        403 => Finding.Problem(check, $"{refusal.Message}.", "The tenant's discovery configuration, the token's scopes or the relay's peer policy do not allow it: see regions, transports and peers there."),
        442 => Finding.Problem(check, $"{refusal.Message}.", "The tenant's discovery configuration does not list this transport, or the relay does not relay what was asked for."),
        486 => Finding.Problem(check, "The tenant's or the token's quota of allocations is reached.", "See netdiscovery allocations list --tenant, and in the tenant's discovery configuration concurrentAllocations; where few are alive, allocatesPerSecondPerRelay."),
        508 => Finding.Problem(check, "The relay has no capacity left.", "See netdiscovery relays list: add relays, widen Relay:MinPort to Relay:MaxPort, or raise Relay:JournalMegabytes."),
        _ => Finding.Problem(check, $"{refusal.Message}.", "See the relay's log with Logging:LogLevel:NetDiscovery.Relay.Clients=Debug."),
    };
}
