using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Protocol.Tests;

/// <summary>Runs all that reads bytes from outside over the same bytes, and checks what must hold whatever they are.</summary>
internal static class EveryReader
{
    private static readonly IntegrityKey Key = new("a key"u8);

    /// <returns>A number made of all results, so that two runs over the same bytes can be compared.</returns>
    public static long Run(ReadOnlySpan<byte> bytes)
    {
        long results = Framing(bytes);
        if (ChannelData.TryRead(bytes, out ChannelData channelData)) results = (results * 31) + channelData.Channel + channelData.Data.Length;
        StunReadStatus status = StunMessage.TryRead(bytes, out StunMessage message);
        results = (results * 31) + (int)status;
        if (status != StunReadStatus.Ok) return results;

        int last = 0;
        foreach (StunAttribute attribute in message.Attributes)
        {
            Assert.True(bytes.Overlaps(attribute.Value, out int offset) || attribute.Value.IsEmpty);
            Assert.True(attribute.Value.IsEmpty || offset > last);
            if (!attribute.Value.IsEmpty) last = offset;
            results = (results * 31) + Value(attribute.Type, attribute.Value, message.TransactionId);
        }

        results = (results * 31) + (message.CheckMessageIntegrity(Key) ? 1 : 0) + (message.CheckMessageIntegritySha256(Key, 16) ? 2 : 0);
        results = (results * 31) + (message.CheckFingerprint() ? 1 : 0);
        return (results * 31) + message.CopyUnknownRequired([], stackalloc AttributeType[4]);
    }

    /// <summary>Gives a value to the reader of its type.</summary>
    public static long Value(AttributeType type, ReadOnlySpan<byte> value, TransactionId id) => type switch
    {
        AttributeType.MappedAddress or AttributeType.AlternateServer or AttributeType.ResponseOrigin or AttributeType.OtherAddress
            => PlainAddress.TryRead(value, out TransportAddress plain) ? plain.Port + 1 : 0,
        AttributeType.XorMappedAddress or AttributeType.XorPeerAddress or AttributeType.XorRelayedAddress
            => XorAddress.TryRead(value, id, out TransportAddress xor) ? xor.Port + 1 : 0,
        AttributeType.ErrorCode => Read<ErrorCode>(value),
        AttributeType.UnknownAttributes => Read<UnknownAttributes>(value),
        AttributeType.PasswordAlgorithm => Read<PasswordAlgorithm>(value),
        AttributeType.PasswordAlgorithms => Read<PasswordAlgorithms>(value),
        AttributeType.UserHash => Read<UserHash>(value),
        AttributeType.ChannelNumber => Read<ChannelNumber>(value),
        AttributeType.Lifetime => Read<Lifetime>(value),
        AttributeType.EvenPort => Read<EvenPort>(value),
        AttributeType.RequestedTransport => Read<RequestedTransport>(value),
        AttributeType.DontFragment => Read<DontFragment>(value),
        AttributeType.ReservationToken => Read<ReservationToken>(value),
        AttributeType.RequestedAddressFamily => Read<RequestedAddressFamily>(value),
        AttributeType.AdditionalAddressFamily => Read<AdditionalAddressFamily>(value),
        AttributeType.AddressErrorCode => Read<AddressErrorCode>(value),
        AttributeType.Icmp => Read<Icmp>(value),
        AttributeType.ConnectionId => Read<ConnectionId>(value),
        AttributeType.AccessToken => Read<AccessToken>(value),
        AttributeType.ChangeRequest => Read<ChangeRequest>(value),
        AttributeType.ResponsePort => Read<ResponsePort>(value),
        AttributeType.Nonce => NonceCookie.TryRead(value, out SecurityFeatures features) ? (long)features + 1 : 0,
        _ => TextLimits.Accepts(type, value) ? 1 : 0,
    };

    /// <summary>Reads; what could be read must be writable again, and read the same after that.</summary>
    private static long Read<T>(ReadOnlySpan<byte> value)
        where T : struct, IStunAttribute<T>, allows ref struct
    {
        if (!T.TryRead(value, out T attribute)) return 0;
        Span<byte> written = attribute.ValueSize <= 2048 ? stackalloc byte[attribute.ValueSize] : new byte[attribute.ValueSize];
        attribute.Write(written);
        Assert.True(T.TryRead(written, out T again));
        Assert.Equal(attribute.ValueSize, again.ValueSize);
        return 1 + attribute.ValueSize;
    }

    private static long Framing(ReadOnlySpan<byte> bytes)
    {
        FrameStatus status = StreamFraming.TryMeasure(bytes, 2048, out FrameKind kind, out int size);
        Assert.Equal(status == FrameStatus.Complete, status is not (FrameStatus.Invalid or FrameStatus.TooLong) && size > 0 && size <= bytes.Length);
        if (status != FrameStatus.Complete) return (int)status;
        if (kind == FrameKind.Stun) Assert.NotEqual(StunReadStatus.Incomplete, StunMessage.TryRead(bytes[..size], out _));
        else Assert.True(ChannelData.TryRead(bytes[..size], out _));
        return size;
    }
}
