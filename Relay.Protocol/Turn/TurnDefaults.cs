namespace NetDiscovery.Relay.Protocol.Turn;

/// <summary>Times, ranges and ports the RFCs fix.</summary>
public static class TurnDefaults
{
    /// <summary>STUN and TURN over UDP and TCP (RFC 8656 §5).</summary>
    public const int Port = 3478;

    /// <summary>STUN and TURN over TLS and DTLS (RFC 8656 §5).</summary>
    public const int TlsPort = 5349;

    /// <summary>Default lifetime of an allocation, and the smallest a server gives: 600 s (RFC 8656 §7.2).</summary>
    public const uint LifetimeSeconds = 600;

    /// <summary>Recommended maximum lifetime: 3600 s (RFC 8656 §7.2).</summary>
    public const uint MaxLifetimeSeconds = 3600;

    /// <summary>Lifetime of a permission: 300 s, exactly (RFC 8656 §9).</summary>
    public const uint PermissionLifetimeSeconds = 300;

    /// <summary>Lifetime of a channel binding: 600 s, exactly (RFC 8656 §12).</summary>
    public const uint ChannelLifetimeSeconds = 600;

    /// <summary>How long an expired channel keeps its number and peer from being bound otherwise, on the client: 300 s (RFC 8656 §12).</summary>
    public const uint ChannelReuseSeconds = 300;

    /// <summary>How long a reserved port is kept for its RESERVATION-TOKEN: at least 30 s (RFC 8656 §7.2).</summary>
    public const uint ReservationSeconds = 30;

    /// <summary>Recommended lifetime of a nonce: at most an hour (RFC 8656 §5).</summary>
    public const uint NonceLifetimeSeconds = 3600;

    /// <summary>How long a peer connection waits for its ConnectionBind: at least 30 s (RFC 6062 §5.3).</summary>
    public const uint ConnectionBindSeconds = 30;

    /// <summary>How long a Connect to a peer may take: at least 30 s (RFC 6062 §5.2).</summary>
    public const uint ConnectSeconds = 30;

    /// <summary>Lowest channel number (RFC 8656 §12).</summary>
    public const ushort MinChannel = 0x4000;

    /// <summary>Highest channel number; 0x5000 to 0x7FFF are reserved (RFC 8656 §12).</summary>
    public const ushort MaxChannel = 0x4FFF;

    /// <summary>Highest channel number of RFC 5766, whose clients are still about; a server may take it from them.</summary>
    public const ushort MaxRfc5766Channel = 0x7FFF;

    /// <summary>Lowest relayed port: the dynamic range (RFC 8656 §7.2).</summary>
    public const int MinRelayedPort = 49152;

    /// <summary>Highest relayed port.</summary>
    public const int MaxRelayedPort = 65535;

    /// <summary>First retransmission timeout over UDP: 500 ms or more (RFC 8489 §6.2.1).</summary>
    public const int RetransmissionTimeoutMilliseconds = 500;

    /// <summary>Rc: requests sent over UDP, the first included (RFC 8489 §6.2.1).</summary>
    public const int RetransmissionCount = 7;

    /// <summary>Rm: how many first timeouts to wait after the last request (RFC 8489 §6.2.1).</summary>
    public const int RetransmissionFinalFactor = 16;

    /// <summary>Ti: how long to wait for a response over TCP and TLS: 39.5 s (RFC 8489 §6.2.2).</summary>
    public const int ReliableTimeoutMilliseconds = 39_500;

    /// <returns>True for 0x4000 to 0x4FFF.</returns>
    public static bool IsChannel(ushort channel) => channel is >= MinChannel and <= MaxChannel;
}
