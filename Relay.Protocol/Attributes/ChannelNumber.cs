using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>CHANNEL-NUMBER (RFC 8656 §18.1): channel, 2 reserved bytes. Wire size: 4 bytes.</summary>
/// <param name="Channel">Any 16 bits as read; a server accepts 0x4000 to 0x4FFF.</param>
public readonly record struct ChannelNumber(ushort Channel) : IStunAttribute<ChannelNumber>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 4;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.ChannelNumber;

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out ChannelNumber attribute)
    {
        attribute = default;
        if (value.Length != Size) return false;
        attribute = new ChannelNumber(BinaryPrimitives.ReadUInt16BigEndian(value));
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value) => BinaryPrimitives.WriteUInt32BigEndian(value, (uint)Channel << 16);
}
