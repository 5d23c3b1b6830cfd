using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>
/// Walks the attributes that count. After MESSAGE-INTEGRITY only MESSAGE-INTEGRITY-SHA256 and FINGERPRINT count,
/// after MESSAGE-INTEGRITY-SHA256 only FINGERPRINT (RFC 8489 §14.5, §14.6).
/// </summary>
public ref struct AttributeEnumerator
{
    private ReadOnlySpan<byte> _rest;
    private bool _afterIntegrity;
    private bool _afterIntegritySha256;

    internal AttributeEnumerator(ReadOnlySpan<byte> attributes)
    {
        _rest = attributes;
        Current = default;
    }

    /// <summary>The attribute under the cursor.</summary>
    public StunAttribute Current { get; private set; }

    /// <returns>This, for <c>foreach</c>.</returns>
    public readonly AttributeEnumerator GetEnumerator() => this;

    /// <summary>Steps on; the lengths were checked when the message was read.</summary>
    public bool MoveNext()
    {
        while (_rest.Length >= 4)
        {
            var type = (AttributeType)BinaryPrimitives.ReadUInt16BigEndian(_rest);
            int size = BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]);
            ReadOnlySpan<byte> value = _rest.Slice(4, size);
            _rest = _rest[(4 + Padding.RoundUp(size))..];
            if (!Counts(type)) continue;
            Current = new StunAttribute(type, value);
            return true;
        }

        return false;
    }

    private bool Counts(AttributeType type)
    {
        if (type == AttributeType.Fingerprint) return true;
        if (_afterIntegritySha256) return false;
        if (type == AttributeType.MessageIntegritySha256) return _afterIntegritySha256 = true;
        if (_afterIntegrity) return false;
        if (type == AttributeType.MessageIntegrity) _afterIntegrity = true;
        return true;
    }
}
