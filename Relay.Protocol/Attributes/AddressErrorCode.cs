using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>
/// ADDRESS-ERROR-CODE (RFC 8656 §18.12): why one of two asked families was not allocated: family, 13 reserved bits, class, number, phrase.
/// Wire size: 4 bytes and the phrase.
/// </summary>
public readonly ref struct AddressErrorCode : IStunAttribute<AddressErrorCode>
{
    /// <param name="family">The family that failed.</param>
    /// <param name="code">300 to 699.</param>
    /// <param name="reason">UTF-8, at most <see cref="ErrorCode.MaxReasonSize"/> bytes.</param>
    public AddressErrorCode(IPFamily family, int code, ReadOnlySpan<byte> reason)
    {
        Family = family;
        Code = code;
        Reason = reason;
    }

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.AddressErrorCode;

    /// <summary>The family that failed.</summary>
    public IPFamily Family { get; }

    /// <summary>300 to 699.</summary>
    public int Code { get; }

    /// <summary>Text for people, UTF-8.</summary>
    public ReadOnlySpan<byte> Reason { get; }

    /// <inheritdoc/>
    public int ValueSize => 4 + Reason.Length;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out AddressErrorCode attribute)
    {
        attribute = default;
        if (!ErrorCode.TryRead(value, out ErrorCode error)) return false;
        var family = (IPFamily)value[0];
        if (family is not (IPFamily.IPv4 or IPFamily.IPv6)) return false;
        attribute = new AddressErrorCode(family, error.Code, error.Reason);
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value)
    {
        new ErrorCode(Code, Reason).Write(value);
        value[0] = (byte)Family;
    }
}
