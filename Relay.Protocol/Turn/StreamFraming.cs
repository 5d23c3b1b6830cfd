using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Protocol.Turn;

/// <summary>Cuts STUN and ChannelData frames out of a byte stream (RFC 8489 §6.2.2, RFC 8656 §12.5).</summary>
public static class StreamFraming
{
    /// <summary>Tells what a first byte begins.</summary>
    /// <param name="first">The first byte.</param>
    /// <param name="maxChannel">Highest channel number taken: <see cref="TurnDefaults.MaxRfc5766Channel"/> for a server that serves older clients.</param>
    public static FrameKind Classify(byte first, ushort maxChannel = TurnDefaults.MaxChannel) => first switch
    {
        <= 3 => FrameKind.Stun,
        >= 20 and <= 63 => FrameKind.Dtls,
        >= 64 when first <= maxChannel >> 8 => FrameKind.ChannelData,
        _ => FrameKind.Unknown,
    };

    /// <summary>Measures the first frame in <paramref name="buffered"/>. Never throws.</summary>
    /// <param name="buffered">Bytes received and not yet consumed.</param>
    /// <param name="maxFrameSize">Largest frame the caller takes, padding included.</param>
    /// <param name="kind"><see cref="FrameKind.Stun"/> or <see cref="FrameKind.ChannelData"/> when known.</param>
    /// <param name="frameSize">Bytes to consume, padding included; 0 while fewer than 4 bytes are there.</param>
    /// <param name="maxChannel">As in <see cref="Classify"/>.</param>
    public static FrameStatus TryMeasure(ReadOnlySpan<byte> buffered, int maxFrameSize, out FrameKind kind, out int frameSize, ushort maxChannel = TurnDefaults.MaxChannel)
    {
        frameSize = 0;
        kind = FrameKind.Unknown;
        if (buffered.IsEmpty) return FrameStatus.Incomplete;
        kind = Classify(buffered[0], maxChannel);
        if (kind is not (FrameKind.Stun or FrameKind.ChannelData)) return FrameStatus.Invalid;
        if (buffered.Length < 4) return FrameStatus.Incomplete;

        int size = BinaryPrimitives.ReadUInt16BigEndian(buffered[2..]);
        frameSize = kind == FrameKind.Stun ? StunHeader.Size + size : ChannelData.HeaderSize + Padding.RoundUp(size);
        if (kind == FrameKind.Stun && !LooksLikeStun(buffered, size)) return FrameStatus.Invalid;
        if (frameSize > maxFrameSize) return FrameStatus.TooLong;
        return buffered.Length < frameSize ? FrameStatus.Incomplete : FrameStatus.Complete;
    }

    // In a stream a wrong length is for ever, so the cookie is demanded as soon as it is there.
    private static bool LooksLikeStun(ReadOnlySpan<byte> buffered, int size) =>
        size % 4 == 0 && (buffered.Length < 8 || BinaryPrimitives.ReadUInt32BigEndian(buffered[4..]) == StunHeader.MagicCookie);
}
