using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>UNKNOWN-ATTRIBUTES of a 420 (RFC 8489 §14.13): attribute types. Wire size: 2 bytes each; an odd count is padded, never repeated.</summary>
public readonly ref struct UnknownAttributes : IStunAttribute<UnknownAttributes>
{
    private readonly ReadOnlySpan<AttributeType> _types;
    private readonly ReadOnlySpan<byte> _wire;

    /// <param name="types">What was not understood.</param>
    public UnknownAttributes(ReadOnlySpan<AttributeType> types) => _types = types;

    private UnknownAttributes(ReadOnlySpan<byte> wire) => _wire = wire;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.UnknownAttributes;

    /// <summary>How many types.</summary>
    public int Count => _wire.IsEmpty ? _types.Length : _wire.Length / 2;

    /// <inheritdoc/>
    public int ValueSize => Count * 2;

    /// <summary>The type at a place, 0 to <see cref="Count"/> - 1.</summary>
    public AttributeType this[int index] =>
        _wire.IsEmpty ? _types[index] : (AttributeType)BinaryPrimitives.ReadUInt16BigEndian(_wire.Slice(index * 2, 2));

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out UnknownAttributes attribute)
    {
        attribute = new UnknownAttributes(value);
        return value.Length % 2 == 0;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value)
    {
        for (int i = 0; i < Count; i++) BinaryPrimitives.WriteUInt16BigEndian(value[(i * 2)..], (ushort)this[i]);
    }
}
