namespace NetDiscovery.Relay.Protocol.Registries;

/// <summary>Message class: 2 bits of the message type (RFC 8489 §5).</summary>
public enum StunClass : byte
{
    /// <summary>0b00: wants a response.</summary>
    Request = 0,

    /// <summary>0b01: wants none.</summary>
    Indication = 1,

    /// <summary>0b10: the request was carried out.</summary>
    SuccessResponse = 2,

    /// <summary>0b11: it was not; carries ERROR-CODE.</summary>
    ErrorResponse = 3,
}
