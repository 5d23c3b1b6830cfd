using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>
/// A view over one STUN message. <see cref="TryRead"/> checks every length once; after it no member can fail.
/// Lives as long as the bytes under it. Nothing here allocates.
/// </summary>
public readonly ref struct StunMessage
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly StunHeader _header;

    // Offsets of the attribute headers; 0 = absent (an attribute never starts inside the header).
    private readonly ushort _integrityAt;
    private readonly ushort _integritySha256At;
    private readonly ushort _fingerprintAt;

    private StunMessage(ReadOnlySpan<byte> bytes, StunHeader header, ushort integrityAt, ushort integritySha256At, ushort fingerprintAt)
    {
        _bytes = bytes;
        _header = header;
        _integrityAt = integrityAt;
        _integritySha256At = integritySha256At;
        _fingerprintAt = fingerprintAt;
    }

    /// <summary>The whole message, header included.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The method.</summary>
    public StunMethod Method => _header.Method;

    /// <summary>The class.</summary>
    public StunClass Class => _header.Class;

    /// <summary>True for an RFC 3489 message without magic cookie: answer with MAPPED-ADDRESS and no FINGERPRINT (RFC 8489 §11).</summary>
    public bool IsClassic => _header.IsClassic;

    /// <summary>The transaction id.</summary>
    public TransactionId TransactionId => TransactionId.Read(_bytes[8..]);

    /// <summary>The attributes that count, in order; repeated ones included.</summary>
    public AttributeEnumerator Attributes => new(_bytes[StunHeader.Size..]);

    /// <summary>MESSAGE-INTEGRITY is there.</summary>
    public bool HasMessageIntegrity => _integrityAt != 0;

    /// <summary>MESSAGE-INTEGRITY-SHA256 is there.</summary>
    public bool HasMessageIntegritySha256 => _integritySha256At != 0;

    /// <summary>FINGERPRINT is there (and last).</summary>
    public bool HasFingerprint => _fingerprintAt != 0;

    /// <summary>Reads one whole message: a datagram, or a frame cut out of a stream. Never throws, never reads outside <paramref name="bytes"/>.</summary>
    /// <returns>
    /// <see cref="StunReadStatus.Malformed"/> also for bytes after the message, an attribute that runs out of it, an integrity
    /// or fingerprint attribute of the wrong size, and a FINGERPRINT that is not last.
    /// </returns>
    public static StunReadStatus TryRead(ReadOnlySpan<byte> bytes, out StunMessage message)
    {
        message = default;
        StunReadStatus status = StunHeader.TryRead(bytes, out StunHeader header);
        if (status != StunReadStatus.Ok) return status;
        int end = StunHeader.Size + header.AttributesSize;
        if (bytes.Length < end) return header.IsClassic ? StunReadStatus.NotStun : StunReadStatus.Incomplete;
        StunReadStatus broken = header.IsClassic ? StunReadStatus.NotStun : StunReadStatus.Malformed;
        if (bytes.Length > end) return broken;

        ushort integrityAt = 0, integritySha256At = 0, fingerprintAt = 0;
        for (int at = StunHeader.Size; at < end;)
        {
            // `end - at` is a positive multiple of 4, so the attribute header is there.
            var type = (AttributeType)BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
            int size = BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
            int next = at + 4 + Padding.RoundUp(size);
            if (next > end || fingerprintAt != 0) return broken;
            switch (type)
            {
                case AttributeType.MessageIntegrity when integrityAt == 0 && integritySha256At == 0:
                    if (size != MessageIntegrity.Size) return broken;
                    integrityAt = (ushort)at;
                    break;
                case AttributeType.MessageIntegritySha256 when integritySha256At == 0:
                    if (size is < MessageIntegrity.MinSha256Size or > MessageIntegrity.Sha256Size || size % 4 != 0) return broken;
                    integritySha256At = (ushort)at;
                    break;
                case AttributeType.Fingerprint:
                    if (size != Fingerprint.Size) return broken;
                    fingerprintAt = (ushort)at;
                    break;
            }

            at = next;
        }

        message = new StunMessage(bytes, header, integrityAt, integritySha256At, fingerprintAt);
        return StunReadStatus.Ok;
    }

    /// <summary>Finds the first attribute of a type among those that count; later ones do not matter (RFC 8489 §14).</summary>
    public bool TryFind(AttributeType type, out ReadOnlySpan<byte> value)
    {
        foreach (StunAttribute attribute in Attributes)
        {
            if (attribute.Type != type) continue;
            value = attribute.Value;
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>True when an attribute of the type is there and counts.</summary>
    public bool Has(AttributeType type) => TryFind(type, out _);

    /// <summary>Finds and reads an attribute.</summary>
    /// <returns><see cref="AttributeStatus.Malformed"/> asks for a 400.</returns>
    public AttributeStatus Find<T>(out T attribute)
        where T : struct, IStunAttribute<T>, allows ref struct
    {
        if (!TryFind(T.Type, out ReadOnlySpan<byte> value))
        {
            attribute = default;
            return AttributeStatus.Absent;
        }

        return T.TryRead(value, out attribute) ? AttributeStatus.Ok : AttributeStatus.Malformed;
    }

    /// <summary>Finds and reads an attribute of the form of XOR-MAPPED-ADDRESS (RFC 8489 §14.2).</summary>
    public AttributeStatus FindXorAddress(AttributeType type, out TransportAddress address)
    {
        address = default;
        if (!TryFind(type, out ReadOnlySpan<byte> value)) return AttributeStatus.Absent;
        return XorAddress.TryRead(value, TransactionId, out address) ? AttributeStatus.Ok : AttributeStatus.Malformed;
    }

    /// <summary>Finds and reads an attribute of the form of MAPPED-ADDRESS (RFC 8489 §14.1).</summary>
    public AttributeStatus FindPlainAddress(AttributeType type, out TransportAddress address)
    {
        address = default;
        if (!TryFind(type, out ReadOnlySpan<byte> value)) return AttributeStatus.Absent;
        return PlainAddress.TryRead(value, out address) ? AttributeStatus.Ok : AttributeStatus.Malformed;
    }

    /// <summary>Finds a text attribute (<see cref="TextLimits"/>) and checks its size and UTF-8.</summary>
    public AttributeStatus FindText(AttributeType type, out ReadOnlySpan<byte> text)
    {
        if (!TryFind(type, out text)) return AttributeStatus.Absent;
        return TextLimits.Accepts(type, text) ? AttributeStatus.Ok : AttributeStatus.Malformed;
    }

    /// <summary>
    /// Collects the comprehension-required attribute types the caller does not understand, for UNKNOWN-ATTRIBUTES of a 420
    /// (RFC 8489 §6.3.1). Each type once.
    /// </summary>
    /// <param name="understood">What the caller's method understands.</param>
    /// <param name="unknown">Takes as many as fit; 32 is plenty.</param>
    /// <returns>How many were written.</returns>
    public int CopyUnknownRequired(scoped ReadOnlySpan<AttributeType> understood, scoped Span<AttributeType> unknown) => CopyUnknownRequired(understood, [], unknown);

    /// <inheritdoc cref="CopyUnknownRequired(ReadOnlySpan{AttributeType}, Span{AttributeType})"/>
    /// <param name="understood">What every method understands.</param>
    /// <param name="more">What this one understands besides.</param>
    /// <param name="unknown">Takes as many as fit; 32 is plenty.</param>
    public int CopyUnknownRequired(scoped ReadOnlySpan<AttributeType> understood, scoped ReadOnlySpan<AttributeType> more, scoped Span<AttributeType> unknown)
    {
        int count = 0;
        foreach (StunAttribute attribute in Attributes)
        {
            if (count == unknown.Length) break;
            if (!attribute.Type.IsComprehensionRequired() || understood.Contains(attribute.Type) || more.Contains(attribute.Type)) continue;
            if (!unknown[..count].Contains(attribute.Type)) unknown[count++] = attribute.Type;
        }

        return count;
    }

    /// <summary>Checks MESSAGE-INTEGRITY in constant time. False when it is absent.</summary>
    /// <param name="key">The long-term or short-term key with its cached state.</param>
    public bool CheckMessageIntegrity(IntegrityKey key) => HasMessageIntegrity && MessageIntegrity.Check(_bytes, _integrityAt, key.Sha1);

    /// <summary>Checks MESSAGE-INTEGRITY in constant time. False when it is absent. About 0.5 µs dearer than with an <see cref="IntegrityKey"/>.</summary>
    public bool CheckMessageIntegrity(scoped ReadOnlySpan<byte> key) =>
        HasMessageIntegrity && MessageIntegrity.Check(_bytes, _integrityAt, new Hashing.Hmac<Hashing.Sha1State>(key));

    /// <summary>Checks MESSAGE-INTEGRITY-SHA256 in constant time. False when it is absent or shorter than asked.</summary>
    /// <param name="key">The long-term or short-term key with its cached state.</param>
    /// <param name="minimumSize">Fewest digest bytes accepted, 16 to 32. TURN allows no truncation (RFC 8489 §14.6).</param>
    public bool CheckMessageIntegritySha256(IntegrityKey key, int minimumSize = MessageIntegrity.Sha256Size) =>
        HasMessageIntegritySha256 && MessageIntegrity.CheckSha256(_bytes, _integritySha256At, key.Sha256, minimumSize);

    /// <inheritdoc cref="CheckMessageIntegritySha256(IntegrityKey, int)"/>
    public bool CheckMessageIntegritySha256(scoped ReadOnlySpan<byte> key, int minimumSize = MessageIntegrity.Sha256Size) =>
        HasMessageIntegritySha256 && MessageIntegrity.CheckSha256(_bytes, _integritySha256At, new Hashing.Hmac<Hashing.Sha256State>(key), minimumSize);

    /// <summary>Checks FINGERPRINT. False when it is absent.</summary>
    public bool CheckFingerprint() =>
        HasFingerprint && Fingerprint.Compute(_bytes[.._fingerprintAt]) == BinaryPrimitives.ReadUInt32BigEndian(_bytes[(_fingerprintAt + 4)..]);
}
