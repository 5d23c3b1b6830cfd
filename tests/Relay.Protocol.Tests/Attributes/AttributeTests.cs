using CsCheck;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Protocol.Tests.Attributes;

public class AttributeTests
{
    private static readonly TransactionId Id = new(0xB7E7A701, 0xBC34D686FA87DFAE);

    /// <summary>Attributes of one size only: type and size.</summary>
    public static TheoryData<AttributeType, int> FixedSizes => new()
    {
        { AttributeType.UserHash, 32 }, { AttributeType.ChannelNumber, 4 }, { AttributeType.Lifetime, 4 }, { AttributeType.EvenPort, 1 },
        { AttributeType.RequestedTransport, 4 }, { AttributeType.DontFragment, 0 }, { AttributeType.ReservationToken, 8 },
        { AttributeType.RequestedAddressFamily, 4 }, { AttributeType.AdditionalAddressFamily, 4 }, { AttributeType.Icmp, 8 },
        { AttributeType.ConnectionId, 4 }, { AttributeType.ChangeRequest, 4 }, { AttributeType.PasswordAlgorithm, 4 },
    };

    [Theory]
    [MemberData(nameof(FixedSizes))]
    public void A_value_of_any_other_size_is_refused(AttributeType type, int size)
    {
        for (int length = 0; length <= 64; length++)
        {
            Assert.Equal(length == size, EveryReader.Value(type, new byte[length], Id) != 0);
        }
    }

    [Theory]
    [InlineData(IPFamily.IPv4, 8)]
    [InlineData(IPFamily.IPv6, 20)]
    public void A_short_or_long_address_is_refused(IPFamily family, int size)
    {
        for (int length = 0; length <= 32; length++)
        {
            var value = new byte[length];
            if (length > 1) value[1] = (byte)family;
            Assert.Equal(length == size, PlainAddress.TryRead(value, out _));
            Assert.Equal(length == size, XorAddress.TryRead(value, Id, out _));
        }
    }

    [Fact]
    public void Every_unknown_address_family_is_refused()
    {
        for (int family = 0; family < 256; family++)
        {
            Assert.Equal(family == 1, PlainAddress.TryRead([0, (byte)family, 0, 1, 1, 2, 3, 4], out _));
            Assert.Equal(family == 1, XorAddress.TryRead([0, (byte)family, 0, 1, 1, 2, 3, 4], Id, out _));
        }
    }

    [Fact]
    public void Addresses_survive_plain_and_xor() =>
        Gen.Select(Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16]), Gen.UShort, Gen.UInt, Gen.ULong).Sample(c =>
        {
            TransportAddress.TryFrom(c.Item1, c.Item2, out TransportAddress address);
            var id = new TransactionId(c.Item3, c.Item4);
            var value = new byte[PlainAddress.SizeOf(address)];
            PlainAddress.Write(value, address);
            if (!PlainAddress.TryRead(value, out TransportAddress read) || read != address) return false;
            XorAddress.Write(value, address, id);
            return XorAddress.TryRead(value, id, out read) && read == address;
        });

    [Fact]
    public void Reserved_bits_are_ignored_in_every_field_that_has_them()
    {
        Assert.True(PlainAddress.TryRead([0xFF, 1, 0, 1, 1, 2, 3, 4], out TransportAddress plain));
        Assert.Equal(TransportAddress.Parse("1.2.3.4:1"), plain);
        Assert.True(XorAddress.TryRead([0xFF, 1, 0x21, 0x13, 0x20, 0x10, 0xA7, 0x46], Id, out TransportAddress xor));
        Assert.Equal(TransportAddress.Parse("1.2.3.4:1"), xor);
        Assert.True(ErrorCode.TryRead([0xFF, 0xFF, 0xFC, 38], out ErrorCode error));
        Assert.Equal(438, error.Code);
        Assert.True(ChannelNumber.TryRead([0x40, 0x01, 0xFF, 0xFF], out ChannelNumber channel));
        Assert.Equal(0x4001, channel.Channel);
        Assert.True(EvenPort.TryRead([0x7F], out EvenPort even));
        Assert.False(even.ReserveNext);
        Assert.True(EvenPort.TryRead([0xFF], out even));
        Assert.True(even.ReserveNext);
        Assert.True(RequestedTransport.TryRead([17, 0xFF, 0xFF, 0xFF], out RequestedTransport transport));
        Assert.Equal(RequestedTransport.Udp, transport.Protocol);
        Assert.True(RequestedAddressFamily.TryRead([2, 0xFF, 0xFF, 0xFF], out RequestedAddressFamily family));
        Assert.Equal(IPFamily.IPv6, family.Family);
        Assert.True(AdditionalAddressFamily.TryRead([2, 0xFF, 0xFF, 0xFF], out AdditionalAddressFamily additional));
        Assert.Equal(IPFamily.IPv6, additional.Family);
        Assert.True(AddressErrorCode.TryRead([2, 0xFF, 0xFC, 40], out AddressErrorCode addressError));
        Assert.Equal((IPFamily.IPv6, 440), (addressError.Family, addressError.Code));
        Assert.True(Icmp.TryRead([0xFF, 0xFF, 0x06, 0x04, 0, 0, 5, 0x78], out Icmp icmp));
        Assert.Equal(new Icmp(3, 4, 1400), icmp);
        Assert.True(ChangeRequest.TryRead([0xFF, 0xFF, 0xFF, 0xF9], out ChangeRequest change));
        Assert.Equal(new ChangeRequest(false, false), change);
        Assert.True(ResponsePort.TryRead([0, 99, 0xFF, 0xFF], out ResponsePort port));
        Assert.Equal(99, port.Port);
    }

    [Fact]
    public void Error_codes_outside_300_to_699_are_refused()
    {
        for (int hundreds = 0; hundreds < 8; hundreds++)
        {
            for (int number = 0; number < 256; number++)
            {
                bool read = ErrorCode.TryRead([0, 0, (byte)hundreds, (byte)number], out ErrorCode error);
                Assert.Equal(hundreds is >= 3 and <= 6 && number < 100, read);
                if (read) Assert.Equal((hundreds * 100) + number, error.Code);
            }
        }

        for (int size = 0; size < 4; size++) Assert.False(ErrorCode.TryRead(new byte[size], out _));
        Assert.False(ErrorCode.TryRead([0, 0, 4, 0, .. new byte[764]], out _));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Unknown_attributes_of_odd_and_even_counts_survive_unrepeated(int count)
    {
        AttributeType[] types = [.. Enumerable.Range(0x0100, count).Select(n => (AttributeType)n)];
        byte[] bytes = Protocol.Tests.Stun.StunMessageTests.Build((ref StunWriter writer) =>
        {
            writer.Add(new UnknownAttributes(types));
            writer.AddText(AttributeType.Software, "after");
        });
        Assert.Equal(StunReadStatus.Ok, StunMessage.TryRead(bytes, out StunMessage message));
        Assert.Equal(AttributeStatus.Ok, message.Find(out UnknownAttributes read));
        Assert.Equal(count, read.Count);
        for (int i = 0; i < count; i++) Assert.Equal(types[i], read[i]);
        Assert.True(message.TryFind(AttributeType.UnknownAttributes, out ReadOnlySpan<byte> value));
        Assert.Equal(2 * count, value.Length);
        Assert.True(message.Has(AttributeType.Software));
        Assert.False(UnknownAttributes.TryRead(new byte[(2 * count) + 1], out _));
    }

    [Fact]
    public void Password_algorithms_are_offered_best_first_and_checked_to_the_end()
    {
        PasswordAlgorithms offer = PasswordAlgorithms.Sha256ThenMd5;
        Assert.Equal("0002000000010000", Convert.ToHexString(offer.Wire));
        Assert.True(offer.Contains(PasswordAlgorithmId.Md5));
        Assert.True(offer.Contains(PasswordAlgorithmId.Sha256));
        Assert.False(offer.Contains((PasswordAlgorithmId)3));

        Assert.True(PasswordAlgorithms.TryRead([0, 9, 0, 1, 7, 0, 0, 0, 0, 1, 0, 0], out PasswordAlgorithms parameters));
        Assert.True(parameters.Contains(PasswordAlgorithmId.Md5));
        Assert.True(PasswordAlgorithms.TryRead([0, 9, 0, 1, 7], out _));
        Assert.False(PasswordAlgorithms.TryRead([], out _));
        Assert.False(PasswordAlgorithms.TryRead([0, 1, 0], out _));
        Assert.False(PasswordAlgorithms.TryRead([0, 1, 0, 1], out _));
        Assert.False(PasswordAlgorithms.TryRead([0, 1, 0, 0, 0], out _));
        Assert.False(PasswordAlgorithm.TryRead([0, 1, 0, 0, 0, 2, 0, 0], out _));
    }

    [Fact]
    public void An_access_token_splits_into_nonce_and_ciphertext()
    {
        Assert.True(AccessToken.TryRead([0, 2, 1, 2, 3, 4, 5], out AccessToken token));
        Assert.Equal([1, 2], token.Nonce.ToArray());
        Assert.Equal([3, 4, 5], token.Encrypted.ToArray());
        Assert.False(AccessToken.TryRead([0], out _));
        Assert.False(AccessToken.TryRead([0, 3, 1, 2], out _));
        Assert.False(AccessToken.TryRead([0xFF, 0xFF, 1, 2], out _));
    }

    [Theory]
    [InlineData(AttributeType.Username, 508)]
    [InlineData(AttributeType.Realm, 763)]
    [InlineData(AttributeType.Nonce, 763)]
    [InlineData(AttributeType.Software, 763)]
    [InlineData(AttributeType.AlternateDomain, 255)]
    [InlineData(AttributeType.ThirdPartyAuthorization, 255)]
    [InlineData(AttributeType.Lifetime, 0)]
    public void Text_is_utf8_and_within_its_limit(AttributeType type, int max)
    {
        byte[] text = new byte[max + 1];
        text.AsSpan().Fill((byte)'a');
        Assert.False(TextLimits.Accepts(type, text));
        Assert.False(TextLimits.Accepts(type, []));
        if (max == 0) return;
        Assert.True(TextLimits.Accepts(type, text.AsSpan(0, max)));
        Assert.False(TextLimits.Accepts(type, [(byte)'a', 0xC3]));
        Assert.True(TextLimits.Accepts(type, "é"u8));
    }

    [Fact]
    public void Fixed_attributes_survive_any_value() =>
        Gen.Select(Gen.ULong, Gen.Byte, Gen.UShort, Gen.Bool).Sample(c =>
        {
            (ulong wide, byte small, ushort middle, bool flag) = c;
            return Same(new Lifetime((uint)wide)) && Same(new ReservationToken(wide)) && Same(new ConnectionId((uint)wide))
                && Same(new ChannelNumber(middle)) && Same(new EvenPort(flag)) && Same(new RequestedTransport(small))
                && Same(new RequestedAddressFamily((IPFamily)small)) && Same(new AdditionalAddressFamily((IPFamily)small))
                && Same(new Icmp((byte)(small & 0x7F), (ushort)(middle & 0x1FF), (uint)wide)) && Same(new ChangeRequest(flag, !flag))
                && Same(new ResponsePort(middle)) && Same(new PasswordAlgorithm((PasswordAlgorithmId)middle)) && Same(default(DontFragment));
        });

    private static bool Same<T>(T attribute)
        where T : struct, IStunAttribute<T>, IEquatable<T>
    {
        var value = new byte[attribute.ValueSize];
        value.AsSpan().Fill(0xEE);
        attribute.Write(value);
        return T.TryRead(value, out T read) && read.Equals(attribute);
    }
}
