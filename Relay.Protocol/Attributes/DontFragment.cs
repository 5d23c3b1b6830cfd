using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>DONT-FRAGMENT (RFC 8656 §18.9): set the DF bit towards the peer. Wire size: 0 bytes.</summary>
public readonly record struct DontFragment : IStunAttribute<DontFragment>
{
    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.DontFragment;

    /// <inheritdoc/>
    public int ValueSize => 0;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out DontFragment attribute)
    {
        attribute = default;
        return value.IsEmpty;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value)
    {
        // Nothing: the attribute is its own meaning.
    }
}
