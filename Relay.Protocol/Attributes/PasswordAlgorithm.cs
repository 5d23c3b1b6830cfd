using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>PASSWORD-ALGORITHM (RFC 8489 §14.12): the algorithm the client chose. Wire size: 4 bytes; both known algorithms have no parameters.</summary>
/// <param name="Algorithm">Which one.</param>
public readonly record struct PasswordAlgorithm(PasswordAlgorithmId Algorithm) : IStunAttribute<PasswordAlgorithm>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = 4;

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.PasswordAlgorithm;

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <returns>False unless it is exactly one algorithm; parameters are passed over.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, out PasswordAlgorithm attribute) =>
        PasswordAlgorithms.TryTake(ref value, out attribute) && value.IsEmpty;

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(value, (ushort)Algorithm);
        BinaryPrimitives.WriteUInt16BigEndian(value[2..], 0);
    }
}
