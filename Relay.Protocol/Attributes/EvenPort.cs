using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>EVEN-PORT (RFC 8656 §18.7): the relayed port shall be even. Wire size: 1 byte.</summary>
/// <param name="ReserveNext">Bit R: keep the next port too, and return a RESERVATION-TOKEN for it.</param>
public readonly record struct EvenPort(bool ReserveNext) : IStunAttribute<EvenPort>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 1;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.EvenPort;

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out EvenPort attribute)
    {
        attribute = default;
        if (value.Length != Size) return false;
        attribute = new EvenPort((value[0] & 0x80) != 0);
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value) => value[0] = ReserveNext ? (byte)0x80 : (byte)0;
}
