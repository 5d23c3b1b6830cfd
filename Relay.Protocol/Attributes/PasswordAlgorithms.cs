using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>
/// PASSWORD-ALGORITHMS (RFC 8489 §14.11): what the server offers, best first. Wire size: 4 bytes each, plus parameters padded to 4.
/// The client must send the list back unchanged: compare it with <see cref="Wire"/>.
/// </summary>
public readonly ref struct PasswordAlgorithms : IStunAttribute<PasswordAlgorithms>
{
    private PasswordAlgorithms(ReadOnlySpan<byte> wire) => Wire = wire;

    /// <summary>SHA-256, then MD5: what this product offers.</summary>
    public static PasswordAlgorithms Sha256ThenMd5 => new([0, (byte)PasswordAlgorithmId.Sha256, 0, 0, 0, (byte)PasswordAlgorithmId.Md5, 0, 0]);

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.PasswordAlgorithms;

    /// <summary>The value as it travels.</summary>
    public ReadOnlySpan<byte> Wire { get; }

    /// <inheritdoc/>
    public int ValueSize => Wire.Length;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out PasswordAlgorithms attribute)
    {
        attribute = new PasswordAlgorithms(value);
        if (value.IsEmpty) return false;
        while (!value.IsEmpty)
        {
            if (!TryTake(ref value, out _)) return false;
        }

        return true;
    }

    /// <summary>True when the list offers <paramref name="algorithm"/>.</summary>
    public bool Contains(PasswordAlgorithmId algorithm)
    {
        ReadOnlySpan<byte> rest = Wire;
        while (TryTake(ref rest, out PasswordAlgorithm offered))
        {
            if (offered.Algorithm == algorithm) return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value) => Wire.CopyTo(value);

    internal static bool TryTake(ref ReadOnlySpan<byte> rest, out PasswordAlgorithm algorithm)
    {
        algorithm = default;
        if (rest.Length < PasswordAlgorithm.Size) return false;
        int parameters = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
        if (rest.Length - PasswordAlgorithm.Size < parameters) return false;
        algorithm = new PasswordAlgorithm((PasswordAlgorithmId)BinaryPrimitives.ReadUInt16BigEndian(rest));

        // The last entry's padding may be left to the attribute's own.
        rest = rest[Math.Min(rest.Length, PasswordAlgorithm.Size + Padding.RoundUp(parameters))..];
        return true;
    }
}
