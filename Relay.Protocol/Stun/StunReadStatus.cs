namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>What a reader made of bytes from outside.</summary>
public enum StunReadStatus
{
    /// <summary>A whole, well-formed message.</summary>
    Ok,

    /// <summary>Something else: the caller tries its other protocols, or drops it.</summary>
    NotStun,

    /// <summary>So far a STUN message, but it ends early. Drop it on a datagram transport; read on in a stream.</summary>
    Incomplete,

    /// <summary>Says it is STUN and breaks the rules: drop it silently (RFC 8489 §6.3). Never answer it.</summary>
    Malformed,
}
