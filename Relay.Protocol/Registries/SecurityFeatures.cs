namespace NetDiscovery.Relay.Protocol.Registries;

/// <summary>STUN security features as IANA lists them (RFC 8489 §18.1): 24 bits in the nonce cookie, bit 0 the rightmost.</summary>
[Flags]
public enum SecurityFeatures
{
    /// <summary>Neither.</summary>
    None = 0,

    /// <summary>Bit 0: the server offers PASSWORD-ALGORITHMS.</summary>
    PasswordAlgorithms = 1,

    /// <summary>Bit 1: the server accepts USERHASH in place of USERNAME.</summary>
    UserAnonymity = 2,
}
