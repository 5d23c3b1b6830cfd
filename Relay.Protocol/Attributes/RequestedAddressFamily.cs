using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>REQUESTED-ADDRESS-FAMILY (RFC 8656 §18.6): family of the relayed address, 3 reserved bytes. Wire size: 4 bytes.</summary>
/// <param name="Family">Any byte as read; a server answers 440 to a family it does not know.</param>
public readonly record struct RequestedAddressFamily(IPFamily Family) : IStunAttribute<RequestedAddressFamily>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 4;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.RequestedAddressFamily;

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out RequestedAddressFamily attribute)
    {
        attribute = default;
        if (value.Length != Size) return false;
        attribute = new RequestedAddressFamily((IPFamily)value[0]);
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value) => BinaryPrimitives.WriteUInt32BigEndian(value, (uint)Family << 24);
}
