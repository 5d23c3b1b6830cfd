using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>CHANGE-REQUEST (RFC 5780 §7.2): answer from another address or port. Wire size: 4 bytes.</summary>
/// <param name="ChangeAddress">Bit A (0x4): from the other IP address.</param>
/// <param name="ChangePort">Bit B (0x2): from the other port.</param>
public readonly record struct ChangeRequest(bool ChangeAddress, bool ChangePort) : IStunAttribute<ChangeRequest>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 4;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.ChangeRequest;

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out ChangeRequest attribute)
    {
        attribute = default;
        if (value.Length != Size) return false;
        attribute = new ChangeRequest((value[3] & 4) != 0, (value[3] & 2) != 0);
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value) => BinaryPrimitives.WriteUInt32BigEndian(value, (ChangeAddress ? 4u : 0) | (ChangePort ? 2u : 0));
}
