using System.Net;
using System.Net.Security;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Client;

/// <summary>Where a <see cref="TurnClient"/> goes and how it behaves.</summary>
public sealed record TurnClientOptions
{
    /// <summary>Address and port of the server.</summary>
    public required IPEndPoint Server { get; init; }

    /// <summary>Default: UDP.</summary>
    public ClientTransport Transport { get; init; }

    /// <summary>Address and port to send from; default: any.</summary>
    public IPEndPoint? Local { get; init; }

    /// <summary>Long-term username; null for a client that only does Binding.</summary>
    public string? Username { get; init; }

    /// <summary>Long-term password.</summary>
    public string? Password { get; init; }

    /// <summary>SOFTWARE to send, or null.</summary>
    public string? Software { get; init; }

    /// <summary>Append FINGERPRINT to requests and indications. Default: false, as browsers do towards TURN servers.</summary>
    public bool Fingerprint { get; init; }

    /// <summary>Use SHA-256 when the server offers PASSWORD-ALGORITHMS (RFC 8489 §9.2.5). Default: true.</summary>
    public bool Sha256 { get; init; } = true;

    /// <summary>Send USERHASH in place of USERNAME when the server takes it (RFC 8489 §9.2.3). Default: false.</summary>
    public bool UserHash { get; init; }

    /// <summary>Name expected in the server's certificate; default: the server's address.</summary>
    public string? TlsName { get; init; }

    /// <summary>Judges the server's certificate; default: the system's rules.</summary>
    public RemoteCertificateValidationCallback? CertificateValidation { get; init; }

    /// <summary>UDP: leave the socket unconnected, so that responses from the server's other address and port arrive (RFC 5780), and requests can be sent there.</summary>
    public bool AnySource { get; init; }

    /// <summary>UDP: go on retransmitting when the network says the port is closed, as a client of a restarting server should. Default: false, fail at once.</summary>
    public bool IgnoreUnreachable { get; init; }

    /// <summary>First retransmission timeout (RFC 8489 §6.2.1). Default: 500 ms.</summary>
    public TimeSpan RetransmissionTimeout { get; init; } = TimeSpan.FromMilliseconds(TurnDefaults.RetransmissionTimeoutMilliseconds);

    /// <summary>Rc: how often a request is sent over UDP, the first time included. Default: 7.</summary>
    public int RetransmissionCount { get; init; } = TurnDefaults.RetransmissionCount;

    /// <summary>How long to wait for a response over TCP and TLS. Default: 39.5 s.</summary>
    public TimeSpan ReliableTimeout { get; init; } = TimeSpan.FromMilliseconds(TurnDefaults.ReliableTimeoutMilliseconds);

    /// <summary>Datagrams kept for <see cref="TurnClient.ReceiveAsync"/> while no callback is set; the oldest are dropped. Default: 4096.</summary>
    public int ReceiveQueue { get; init; } = 4096;

    /// <summary>Kernel receive and send buffer, bytes; 0 leaves the system's. Default: 1 MiB.</summary>
    public int SocketBuffer { get; init; } = 1 << 20;
}
