using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>RESPONSE-PORT (RFC 5780 §7.5): send the response to this port of the client, 2 padding bytes. Wire size: 4 bytes; 2 are accepted.</summary>
/// <param name="Port">1 to 65535.</param>
public readonly record struct ResponsePort(ushort Port) : IStunAttribute<ResponsePort>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 4;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.ResponsePort;

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out ResponsePort attribute)
    {
        attribute = default;
        if (value.Length is not (Size or 2)) return false;
        attribute = new ResponsePort(BinaryPrimitives.ReadUInt16BigEndian(value));
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value) => BinaryPrimitives.WriteUInt32BigEndian(value, (uint)Port << 16);
}
