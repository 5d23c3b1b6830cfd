using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Protocol.Turn;

/// <summary>A ChannelData message (RFC 8656 §12.4): channel number, length, application data. Wire size: 4 bytes and the data. A view over the datagram.</summary>
public readonly ref struct ChannelData
{
    /// <summary>Bytes before the data.</summary>
    public const int HeaderSize = 4;

    /// <summary>Most data bytes.</summary>
    public const int MaxDataSize = ushort.MaxValue;

    private ChannelData(ushort channel, ReadOnlySpan<byte> data)
    {
        Channel = channel;
        Data = data;
    }

    /// <summary>0x4000 to 0x4FFF.</summary>
    public ushort Channel { get; }

    /// <summary>Application data, 0 to 65535 bytes.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Reads a datagram or a frame cut out of a stream. Bytes after the data are padding and ignored (RFC 8656 §12.5).</summary>
    /// <returns>False for a channel number outside the range, or fewer bytes than the length says: drop it silently (RFC 8656 §12.6). Never throws.</returns>
    /// <param name="bytes">The message.</param>
    /// <param name="message">A view over it.</param>
    /// <param name="maxChannel">Highest channel number taken: <see cref="TurnDefaults.MaxRfc5766Channel"/> for a server that serves older clients.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ChannelData message, ushort maxChannel = TurnDefaults.MaxChannel)
    {
        message = default;
        if (bytes.Length < HeaderSize) return false;
        ushort channel = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        int size = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        if (channel < TurnDefaults.MinChannel || channel > maxChannel || bytes.Length - HeaderSize < size) return false;
        message = new ChannelData(channel, bytes.Slice(HeaderSize, size));
        return true;
    }

    /// <summary>Writes the 4-byte header; for callers whose data already lies behind it.</summary>
    public static void WriteHeader(Span<byte> bytes, ushort channel, int dataSize)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes, channel);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], checked((ushort)dataSize));
    }

    /// <returns>Bytes on the wire: padded to 4 over a stream, unpadded in a datagram.</returns>
    public static int WireSize(int dataSize, bool stream) => HeaderSize + (stream ? Padding.RoundUp(dataSize) : dataSize);

    /// <summary>Writes a whole message, with zero padding over a stream.</summary>
    /// <returns>Bytes written, or 0 when it does not fit or the data is over 65535 bytes.</returns>
    public static int Write(Span<byte> bytes, ushort channel, ReadOnlySpan<byte> data, bool stream)
    {
        int size = WireSize(data.Length, stream);
        if (data.Length > MaxDataSize || bytes.Length < size) return 0;
        data.CopyTo(bytes[HeaderSize..]);
        WriteHeader(bytes, channel, data.Length);
        bytes[(HeaderSize + data.Length)..size].Clear();
        return size;
    }
}
