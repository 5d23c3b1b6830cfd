using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>RESERVATION-TOKEN (RFC 8656 §18.10): names a reserved port. Wire size: 8 bytes, opaque.</summary>
/// <param name="Token">The 8 bytes, big-endian.</param>
public readonly record struct ReservationToken(ulong Token) : IStunAttribute<ReservationToken>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 8;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.ReservationToken;

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out ReservationToken attribute)
    {
        attribute = default;
        if (value.Length != Size) return false;
        attribute = new ReservationToken(BinaryPrimitives.ReadUInt64BigEndian(value));
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value) => BinaryPrimitives.WriteUInt64BigEndian(value, Token);
}
