namespace NetDiscovery.Relay.Protocol.Turn;

/// <summary>What a datagram or frame is, told from its first byte (RFC 7983 §7, RFC 8656 §12).</summary>
public enum FrameKind : byte
{
    /// <summary>None of these: drop it.</summary>
    Unknown,

    /// <summary>STUN: 0 to 3.</summary>
    Stun,

    /// <summary>A DTLS record: 20 to 63.</summary>
    Dtls,

    /// <summary>ChannelData: 64 to 79.</summary>
    ChannelData,
}
