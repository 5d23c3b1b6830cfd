namespace NetDiscovery.Relay.Protocol.Registries;

/// <summary>STUN methods as IANA lists them. Wire size: 12 bits spread over the message type (RFC 8489 §5).</summary>
public enum StunMethod : ushort
{
    /// <summary>Reserved; never valid on the wire.</summary>
    Reserved = 0x000,

    /// <summary>Binding (RFC 8489).</summary>
    Binding = 0x001,

    /// <summary>Shared Secret of RFC 3489; reserved since.</summary>
    SharedSecret = 0x002,

    /// <summary>Allocate: request and responses only (RFC 8656).</summary>
    Allocate = 0x003,

    /// <summary>Refresh: request and responses only (RFC 8656).</summary>
    Refresh = 0x004,

    /// <summary>Send: indication only (RFC 8656).</summary>
    Send = 0x006,

    /// <summary>Data: indication only (RFC 8656).</summary>
    Data = 0x007,

    /// <summary>CreatePermission: request and responses only (RFC 8656).</summary>
    CreatePermission = 0x008,

    /// <summary>ChannelBind: request and responses only (RFC 8656).</summary>
    ChannelBind = 0x009,

    /// <summary>Connect (RFC 6062).</summary>
    Connect = 0x00A,

    /// <summary>ConnectionBind (RFC 6062).</summary>
    ConnectionBind = 0x00B,

    /// <summary>ConnectionAttempt: indication only (RFC 6062).</summary>
    ConnectionAttempt = 0x00C,

    /// <summary>GOOG-PING, a short connectivity check.</summary>
    GooglePing = 0x080,
}
