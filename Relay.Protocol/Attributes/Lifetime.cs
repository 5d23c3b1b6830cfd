using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>LIFETIME: time until the allocation expires (RFC 8656 §18.2). Wire size: 4 bytes.</summary>
/// <param name="Seconds">Whole seconds; 0 asks the server to delete the allocation (RFC 8656 §8).</param>
public readonly record struct Lifetime(uint Seconds) : IStunAttribute<Lifetime>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 4;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.Lifetime;

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out Lifetime attribute)
    {
        attribute = default;
        if (value.Length != Size) return false;
        attribute = new Lifetime(BinaryPrimitives.ReadUInt32BigEndian(value));
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value) => BinaryPrimitives.WriteUInt32BigEndian(value, Seconds);
}
