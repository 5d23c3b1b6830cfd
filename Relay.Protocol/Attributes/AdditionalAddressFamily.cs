using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>ADDITIONAL-ADDRESS-FAMILY (RFC 8656 §18.11): allocate this family as well (IPv6 is the only one a client may ask for), 3 reserved bytes. Wire size: 4 bytes.</summary>
/// <param name="Family">Any byte as read; a server answers 440 to a family it does not know.</param>
public readonly record struct AdditionalAddressFamily(IPFamily Family) : IStunAttribute<AdditionalAddressFamily>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 4;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.AdditionalAddressFamily;

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out AdditionalAddressFamily attribute)
    {
        attribute = default;
        if (value.Length != Size) return false;
        attribute = new AdditionalAddressFamily((IPFamily)value[0]);
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value) => BinaryPrimitives.WriteUInt32BigEndian(value, (uint)Family << 24);
}
