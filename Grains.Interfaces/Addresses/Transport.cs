namespace NetDiscovery.Grains.Interfaces.Addresses;

/// <summary>The transport between client and relay (RFC 8656 §2.1).</summary>
[GenerateSerializer, Alias("Transport")]
public enum Transport
{
    /// <summary>STUN/TURN over UDP.</summary>
    Udp,

    /// <summary>STUN/TURN over TCP.</summary>
    Tcp,

    /// <summary>STUN/TURN over TLS over TCP.</summary>
    Tls,

    /// <summary>STUN/TURN over DTLS over UDP (RFC 7350).</summary>
    Dtls,
}

/// <summary>The wire and API names of <see cref="Transport"/>: <c>udp</c>, <c>tcp</c>, <c>tls</c>, <c>dtls</c>.</summary>
public static class TransportNames
{
    /// <returns>The lower-case name of <paramref name="transport"/>.</returns>
    public static string Name(this Transport transport) => transport switch
    {
        Transport.Udp => "udp",
        Transport.Tcp => "tcp",
        Transport.Tls => "tls",
        Transport.Dtls => "dtls",
        _ => throw new ArgumentOutOfRangeException(nameof(transport)),
    };
}
