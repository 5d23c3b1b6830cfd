namespace NetDiscovery.Relay.Client;

/// <summary>How the client reaches the server.</summary>
public enum ClientTransport
{
    /// <summary>UDP: requests are retransmitted.</summary>
    Udp,

    /// <summary>TCP.</summary>
    Tcp,

    /// <summary>TLS over TCP.</summary>
    Tls,

    /// <summary>DTLS 1.2 over UDP (RFC 7350): requests are retransmitted. Needs OpenSSL 3 on the system.</summary>
    Dtls,
}
