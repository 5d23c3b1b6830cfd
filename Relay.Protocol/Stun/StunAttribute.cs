using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>One attribute of a message: a view that lives as long as the datagram under it.</summary>
public readonly ref struct StunAttribute
{
    internal StunAttribute(AttributeType type, ReadOnlySpan<byte> value)
    {
        Type = type;
        Value = value;
    }

    /// <summary>Attribute type; may be one the registry does not list.</summary>
    public AttributeType Type { get; }

    /// <summary>The value without padding, 0 to 65532 bytes.</summary>
    public ReadOnlySpan<byte> Value { get; }
}
