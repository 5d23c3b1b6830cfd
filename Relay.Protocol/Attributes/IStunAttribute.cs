using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>An attribute with a form of its own. Readers are pure functions of the value bytes; they never throw and never allocate.</summary>
/// <typeparam name="TSelf">The attribute; may be a view over the value.</typeparam>
public interface IStunAttribute<TSelf>
    where TSelf : struct, IStunAttribute<TSelf>, allows ref struct
{
    /// <summary>Its number.</summary>
    static abstract AttributeType Type { get; }

    /// <summary>Bytes <see cref="Write"/> fills, without padding.</summary>
    int ValueSize { get; }

    /// <summary>Reads the value, without padding.</summary>
    /// <returns>False when it is malformed; the caller answers 400 to a request.</returns>
    static abstract bool TryRead(ReadOnlySpan<byte> value, out TSelf attribute);

    /// <summary>Writes exactly <see cref="ValueSize"/> bytes, reserved ones as zero.</summary>
    void Write(scoped Span<byte> value);
}
