using CsCheck;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Protocol.Tests.Turn;

public class ChannelDataTests
{
    [Fact]
    public void What_is_written_is_read_with_and_without_padding() =>
        Gen.Select(Gen.UShort[TurnDefaults.MinChannel, TurnDefaults.MaxChannel], Gen.Byte.Array[0, 100], Gen.Bool).Sample(c =>
        {
            (ushort channel, byte[] data, bool stream) = c;
            var buffer = new byte[120];
            buffer.AsSpan().Fill(0xEE);
            int size = ChannelData.Write(buffer, channel, data, stream);
            return size == 4 + (stream ? (data.Length + 3) / 4 * 4 : data.Length)
                && ChannelData.TryRead(buffer.AsSpan(0, size), out ChannelData read)
                && read.Channel == channel && read.Data.SequenceEqual(data)
                && buffer.AsSpan((4 + data.Length)..size).IndexOfAnyExcept((byte)0) < 0
                && ChannelData.Write(buffer.AsSpan(0, size - 1), channel, data, stream) == 0;
        });

    [Fact]
    public void Padding_in_a_datagram_is_ignored()
    {
        Assert.True(ChannelData.TryRead([0x40, 0, 0, 1, 9, 0, 0, 0], out ChannelData message));
        Assert.Equal([9], message.Data.ToArray());
    }

    [Fact]
    public void A_length_over_the_datagram_is_refused()
    {
        Assert.False(ChannelData.TryRead([0x40, 0, 0, 2, 9], out _));
        Assert.False(ChannelData.TryRead([0x40, 0, 0xFF, 0xFF, 9], out _));
        for (int size = 0; size < 4; size++) Assert.False(ChannelData.TryRead(new byte[] { 0x40, 0, 0, 0 }.AsSpan(0, size), out _));
    }

    [Fact]
    public void Only_channels_0x4000_to_0x4FFF_are_read()
    {
        for (int channel = 0; channel <= 0xFFFF; channel++)
        {
            Assert.Equal(channel is >= 0x4000 and <= 0x4FFF, ChannelData.TryRead([(byte)(channel >> 8), (byte)channel, 0, 0], out _));
        }
    }

    [Fact]
    public void Data_over_65535_bytes_does_not_fit() => Assert.Equal(0, ChannelData.Write(new byte[70_000], 0x4000, new byte[65_536], stream: false));
}
