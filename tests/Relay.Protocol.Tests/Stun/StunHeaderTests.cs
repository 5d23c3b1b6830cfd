using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Protocol.Tests.Stun;

public class StunHeaderTests
{
    [Fact]
    public void All_14_bit_types_split_into_method_and_class_and_pack_again()
    {
        for (int type = 0; type < 0x4000; type++)
        {
            StunReadStatus status = StunHeader.TryRead(Header((ushort)type), out StunHeader header);
            if (((type >> 2) & 0xF80 | (type >> 1) & 0x70 | type & 0xF) == 0)
            {
                Assert.Equal(StunReadStatus.Malformed, status);
                continue;
            }

            Assert.Equal(StunReadStatus.Ok, status);
            Assert.Equal(type, StunHeader.PackType(header.Method, header.Class));
        }
    }

    [Theory]
    [InlineData(0x0001, StunMethod.Binding, StunClass.Request)]
    [InlineData(0x0011, StunMethod.Binding, StunClass.Indication)]
    [InlineData(0x0101, StunMethod.Binding, StunClass.SuccessResponse)]
    [InlineData(0x0111, StunMethod.Binding, StunClass.ErrorResponse)]
    [InlineData(0x0003, StunMethod.Allocate, StunClass.Request)]
    [InlineData(0x0113, StunMethod.Allocate, StunClass.ErrorResponse)]
    [InlineData(0x0016, StunMethod.Send, StunClass.Indication)]
    [InlineData(0x0017, StunMethod.Data, StunClass.Indication)]
    [InlineData(0x0109, StunMethod.ChannelBind, StunClass.SuccessResponse)]
    [InlineData(0x001C, StunMethod.ConnectionAttempt, StunClass.Indication)]
    [InlineData(0x0200, StunMethod.GooglePing, StunClass.Request)]
    public void Known_types_are_told_apart(ushort type, StunMethod method, StunClass messageClass)
    {
        Assert.Equal(StunReadStatus.Ok, StunHeader.TryRead(Header(type), out StunHeader header));
        Assert.Equal((method, messageClass), (header.Method, header.Class));
    }

    [Fact]
    public void Message_type_0x0000_is_malformed() => Assert.Equal(StunReadStatus.Malformed, StunHeader.TryRead(Header(0), out _));

    [Fact]
    public void The_two_top_bits_set_are_not_STUN()
    {
        for (int first = 0x40; first <= 0xFF; first++)
        {
            byte[] bytes = Header(0x0001);
            bytes[0] = (byte)first;
            Assert.Equal(StunReadStatus.NotStun, StunHeader.TryRead(bytes, out _));
            Assert.Equal(StunReadStatus.NotStun, StunHeader.TryRead(bytes.AsSpan(0, 1), out _));
        }
    }

    [Fact]
    public void A_length_that_is_no_multiple_of_4_is_malformed()
    {
        byte[] bytes = Header(0x0001);
        foreach (byte length in new byte[] { 1, 2, 3, 5 })
        {
            bytes[3] = length;
            Assert.Equal(StunReadStatus.Malformed, StunHeader.TryRead(bytes, out _));
        }
    }

    [Theory]
    [InlineData(0x0001, StunReadStatus.Ok)]
    [InlineData(0x0101, StunReadStatus.Ok)]
    [InlineData(0x0002, StunReadStatus.Ok)]
    [InlineData(0x0003, StunReadStatus.NotStun)]
    [InlineData(0x0000, StunReadStatus.NotStun)]
    public void Without_cookie_only_the_methods_of_RFC_3489_are_STUN(ushort type, StunReadStatus expected)
    {
        byte[] bytes = Header(type);
        bytes[4] ^= 1;
        Assert.Equal(expected, StunHeader.TryRead(bytes, out StunHeader header));
        Assert.Equal(expected == StunReadStatus.Ok, header.IsClassic);
    }

    private static byte[] Header(ushort type)
    {
        var bytes = new byte[StunHeader.Size];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, type);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), StunHeader.MagicCookie);
        return bytes;
    }
}
