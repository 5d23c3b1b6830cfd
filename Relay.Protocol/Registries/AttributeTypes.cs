namespace NetDiscovery.Relay.Protocol.Registries;

/// <summary>Questions about an <see cref="AttributeType"/>.</summary>
public static class AttributeTypes
{
    /// <summary>True when a receiver that does not know the attribute must answer 420 (RFC 8489 §14).</summary>
    public static bool IsComprehensionRequired(this AttributeType type) => (ushort)type < 0x8000;
}
