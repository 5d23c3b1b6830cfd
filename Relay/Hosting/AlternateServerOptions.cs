namespace NetDiscovery.Relay.Hosting;

/// <summary>A server that clients are sent to while this relay is draining: an element of <c>Relay:Alternates</c>.</summary>
public sealed class AlternateServerOptions
{
    /// <summary>Its IPv4 or IPv6 address, as clients reach it.</summary>
    public string Address { get; set; } = "";

    /// <summary>Its port of UDP and TCP, 1 to 65535. Default: 3478.</summary>
    public int Port { get; set; } = 3478;

    /// <summary>Its port of TLS and DTLS, 1 to 65535; 0 = it has neither. Default: 5349.</summary>
    public int TlsPort { get; set; } = 5349;

    /// <summary>The DNS name in its certificate, told to clients over TLS and DTLS (ALTERNATE-DOMAIN). None: clients expect the name they know.</summary>
    public string? Domain { get; set; }
}
