namespace NetDiscovery.Relay.Protocol.Registries;

/// <summary>Attributes that only RFC 3489 had; their numbers are reserved since. A server sends them to clients without magic cookie alone.</summary>
public static class ClassicAttribute
{
    /// <summary>SOURCE-ADDRESS (RFC 3489 §11.2.5): where the response was sent from; RESPONSE-ORIGIN since.</summary>
    public const AttributeType SourceAddress = (AttributeType)0x0004;

    /// <summary>CHANGED-ADDRESS (RFC 3489 §11.2.3): the server's other address and port; OTHER-ADDRESS since.</summary>
    public const AttributeType ChangedAddress = (AttributeType)0x0005;
}
