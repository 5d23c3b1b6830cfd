namespace NetDiscovery.Relay.Protocol.Registries;

/// <summary>STUN password algorithms as IANA lists them (RFC 8489 §18.5). Wire size: 2 bytes.</summary>
public enum PasswordAlgorithmId : ushort
{
    /// <summary>Reserved.</summary>
    Reserved = 0,

    /// <summary>MD5: 16-byte key, no parameters.</summary>
    Md5 = 1,

    /// <summary>SHA-256: 32-byte key, no parameters.</summary>
    Sha256 = 2,
}
