using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>ERROR-CODE (RFC 8489 §14.8): 21 reserved bits, class 3 to 6, number 0 to 99, reason phrase. Wire size: 4 bytes and the phrase.</summary>
public readonly ref struct ErrorCode : IStunAttribute<ErrorCode>
{
    /// <summary>Longest reason phrase in bytes: fewer than 128 characters (RFC 8489 §14.8).</summary>
    public const int MaxReasonSize = 763;

    /// <param name="code">300 to 699.</param>
    /// <param name="reason">UTF-8, at most <see cref="MaxReasonSize"/> bytes.</param>
    public ErrorCode(int code, ReadOnlySpan<byte> reason)
    {
        Code = code;
        Reason = reason;
    }

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.ErrorCode;

    /// <summary>300 to 699; one of <see cref="StunErrorCode"/> or unknown.</summary>
    public int Code { get; }

    /// <summary>Text for people, UTF-8.</summary>
    public ReadOnlySpan<byte> Reason { get; }

    /// <inheritdoc/>
    public int ValueSize => 4 + Reason.Length;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out ErrorCode attribute)
    {
        attribute = default;
        if (value.Length is < 4 or > 4 + MaxReasonSize) return false;
        int hundreds = value[2] & 7;      // the 21 bits above are reserved: ignored
        int number = value[3];
        if (hundreds is < 3 or > 6 || number > 99) return false;
        attribute = new ErrorCode((hundreds * 100) + number, value[4..]);
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value)
    {
        value[0] = 0;
        value[1] = 0;
        value[2] = (byte)(Code / 100);
        value[3] = (byte)(Code % 100);
        Reason.CopyTo(value[4..]);
    }
}
