using CsCheck;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Protocol.Tests.Turn;

public class StreamFramingTests
{
    [Fact]
    public void A_stream_cut_anywhere_gives_back_the_frames() =>
        Gen.Select(Gen.Select(Gen.Bool, Gen.Byte.Array[0, 50]).List[1, 10], Gen.Int[1, 40]).Sample(c =>
        {
            (List<(bool Stun, byte[] Data)> frames, int step) = c;
            var wire = new List<byte>();
            foreach ((bool stun, byte[] data) in frames) wire.AddRange(Frame(stun, data));

            var buffered = new List<byte>();
            var read = new List<byte[]>();
            foreach (byte[] piece in wire.Chunk(step))
            {
                buffered.AddRange(piece);
                while (StreamFraming.TryMeasure(buffered.ToArray(), 4096, out _, out int size) == FrameStatus.Complete)
                {
                    read.Add([.. buffered[..size]]);
                    buffered.RemoveRange(0, size);
                }
            }

            return buffered.Count == 0 && read.Count == frames.Count && read.Zip(frames).All(p => p.First.SequenceEqual(Frame(p.Second.Stun, p.Second.Data)));
        }, iter: 300);

    [Fact]
    public void Every_first_byte_is_classified_as_RFC_7983_says()
    {
        for (int first = 0; first < 256; first++)
        {
            FrameKind expected = first <= 3 ? FrameKind.Stun : first is >= 20 and <= 63 ? FrameKind.Dtls : first is >= 64 and <= 79 ? FrameKind.ChannelData : FrameKind.Unknown;
            Assert.Equal(expected, StreamFraming.Classify((byte)first));
            bool framed = expected is FrameKind.Stun or FrameKind.ChannelData;
            Assert.Equal(framed ? FrameStatus.Incomplete : FrameStatus.Invalid, StreamFraming.TryMeasure([(byte)first], 100, out _, out _));
        }
    }

    [Fact]
    public void A_frame_over_the_limit_is_too_long_as_soon_as_its_length_is_known()
    {
        Assert.Equal(FrameStatus.TooLong, StreamFraming.TryMeasure([0x40, 0, 1, 0], 259, out _, out _));
        Assert.Equal(FrameStatus.Incomplete, StreamFraming.TryMeasure([0x40, 0, 1, 0], 260, out _, out int size));
        Assert.Equal(260, size);
        Assert.Equal(FrameStatus.TooLong, StreamFraming.TryMeasure([0, 1, 1, 0], 275, out _, out _));
    }

    [Fact]
    public void In_a_stream_a_wrong_cookie_or_an_odd_length_is_invalid()
    {
        Assert.Equal(FrameStatus.Invalid, StreamFraming.TryMeasure([0, 1, 0, 2], 100, out _, out _));
        Assert.Equal(FrameStatus.Incomplete, StreamFraming.TryMeasure([0, 1, 0, 0, 0x21, 0x12, 0xA4], 100, out _, out _));
        Assert.Equal(FrameStatus.Invalid, StreamFraming.TryMeasure([0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x43], 100, out _, out _));
        Assert.Equal(FrameStatus.Incomplete, StreamFraming.TryMeasure([], 100, out FrameKind kind, out _));
        Assert.Equal(FrameKind.Unknown, kind);
    }

    private static byte[] Frame(bool stun, byte[] data)
    {
        var buffer = new byte[100];
        if (!stun) return buffer[..ChannelData.Write(buffer, 0x4ABC, data, stream: true)];
        var writer = new StunWriter(buffer, StunMethod.Send, StunClass.Indication, new TransactionId(1, 2));
        writer.Add(AttributeType.Data, data);
        return buffer[..writer.Finish()];
    }
}
