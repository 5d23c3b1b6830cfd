using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>REQUESTED-TRANSPORT (RFC 8656 §18.8): protocol between relay and peer, 3 reserved bytes. Wire size: 4 bytes.</summary>
/// <param name="Protocol">IANA protocol number: <see cref="Udp"/>, or <see cref="Tcp"/> (RFC 6062).</param>
public readonly record struct RequestedTransport(byte Protocol) : IStunAttribute<RequestedTransport>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 4;

    /// <summary>UDP.</summary>
    public const byte Udp = 17;

    /// <summary>TCP (RFC 6062).</summary>
    public const byte Tcp = 6;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.RequestedTransport;

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out RequestedTransport attribute)
    {
        attribute = default;
        if (value.Length != Size) return false;
        attribute = new RequestedTransport(value[0]);
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value) => BinaryPrimitives.WriteUInt32BigEndian(value, (uint)Protocol << 24);
}
