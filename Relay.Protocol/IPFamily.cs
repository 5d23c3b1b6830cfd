namespace NetDiscovery.Relay.Protocol;

/// <summary>Address family, numbered as STUN attributes carry it (RFC 8489 §14.1, RFC 8656 §18.6).</summary>
public enum IPFamily : byte
{
    /// <summary>No address.</summary>
    None = 0,

    /// <summary>IPv4, 4 bytes.</summary>
    IPv4 = 1,

    /// <summary>IPv6, 16 bytes.</summary>
    IPv6 = 2,
}
