using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>CONNECTION-ID (RFC 6062 §6.2.1): names a peer's TCP connection. Wire size: 4 bytes.</summary>
/// <param name="Id">Chosen by the server; hard to guess.</param>
public readonly record struct ConnectionId(uint Id) : IStunAttribute<ConnectionId>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 4;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.ConnectionId;

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out ConnectionId attribute)
    {
        attribute = default;
        if (value.Length != Size) return false;
        attribute = new ConnectionId(BinaryPrimitives.ReadUInt32BigEndian(value));
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value) => BinaryPrimitives.WriteUInt32BigEndian(value, Id);
}
