using System.Buffers.Binary;
using NetDiscovery.Fuzz.Engine;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Fuzz.Codec;

/// <summary>Readers of STUN and ChannelData, with what must hold of their answers.</summary>
internal sealed class MessageReaders
{
    private static readonly AttributeType[] Understood = [AttributeType.Username, AttributeType.Realm, AttributeType.Nonce, AttributeType.Lifetime, AttributeType.Data];
    private readonly IntegrityKey key = new("a key"u8);
    private readonly byte[] buffer = new byte[4096];

    /// <summary>A datagram as it comes.</summary>
    public void Message(ReadOnlySpan<byte> bytes)
    {
        var status = StunMessage.TryRead(bytes, out var message);
        if (status != StunReadStatus.Ok)
        {
            return;
        }

        FuzzFailure.Unless(message.Bytes.Length == bytes.Length, "a message is as long as its datagram");
        var counted = 0;
        foreach (var attribute in message.Attributes)
        {
            FuzzFailure.Unless(attribute.Value.IsEmpty || bytes.Overlaps(attribute.Value), "an attribute's value lies in the message");
            AttributeReaders.Read(attribute.Type, attribute.Value, message.TransactionId);
            counted += 4 + attribute.Value.Length;
        }

        FuzzFailure.Unless(counted <= bytes.Length - StunHeader.Size, "attributes are no longer than the message");
        CheckIntegrity(message);
        Span<AttributeType> unknown = stackalloc AttributeType[8];
        var count = message.CopyUnknownRequired(Understood, unknown);
        foreach (var type in unknown[..count])
        {
            FuzzFailure.Unless((ushort)type < 0x8000 && !Understood.AsSpan().Contains(type) && message.Has(type), "420 names what is there, required, and not understood");
        }
    }

    /// <summary>A message whose header, integrity and fingerprint are put right first: mutations get beyond the checks.</summary>
    public void Repaired(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 3)
        {
            return;
        }

        var writer = new StunWriter(
            buffer, (StunMethod)(((bytes[0] << 8) | bytes[1]) & 0xFFF), (StunClass)(bytes[2] & 3), new TransactionId(bytes[0], bytes[1]));
        var rest = bytes[3..];
        while (rest.Length >= 3)
        {
            var type = (AttributeType)BinaryPrimitives.ReadUInt16BigEndian(rest);
            var size = Math.Min((int)rest[2], rest.Length - 3);
            if (type is not (AttributeType.MessageIntegrity or AttributeType.MessageIntegritySha256 or AttributeType.Fingerprint))
            {
                writer.Add(type, rest.Slice(3, size));
            }

            rest = rest[(3 + size)..];
        }

        var how = bytes[2];
        var sha1 = (how & 4) != 0;
        var sha256 = (how & 8) != 0;
        var fingerprint = (how & 16) != 0;
        if (sha1)
        {
            writer.AddMessageIntegrity(key);
        }

        if (sha256)
        {
            writer.AddMessageIntegritySha256(key, 16 + ((how >> 5) & 3) * 4);
        }

        if (fingerprint)
        {
            writer.AddFingerprint();
        }

        var length = writer.Finish();
        if (length == 0)
        {
            return;
        }

        var written = buffer.AsSpan(0, length);
        if (StunMessage.TryRead(written, out var message) != StunReadStatus.Ok)
        {
            FuzzFailure.Unless(((bytes[0] << 8 | bytes[1]) & 0xFFF) == 0, "what the writer wrote can be read");
            return;
        }

        FuzzFailure.Unless(message.HasMessageIntegrity == sha1 && message.HasMessageIntegritySha256 == sha256 && message.HasFingerprint == fingerprint, "integrity that was written is found");
        FuzzFailure.Unless(message.CheckMessageIntegrity(key) == sha1 && message.CheckMessageIntegritySha256(key, 16) == sha256, "integrity that was written holds");
        FuzzFailure.Unless(message.CheckFingerprint() == fingerprint, "a fingerprint that was written holds");
        Message(written);
    }

    /// <summary>One attribute: 2 bytes type, then its value.</summary>
    public void Attribute(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= 2)
        {
            AttributeReaders.Read((AttributeType)BinaryPrimitives.ReadUInt16BigEndian(bytes), bytes[2..], new TransactionId(1, 2));
        }
    }

    /// <summary>A byte stream cut into frames: pieces arrive one by one, and where they are cut must not matter.</summary>
    public static void Stream(ReadOnlySpan<byte> bytes)
    {
        var whole = Cut(bytes, bytes.Length);
        for (var piece = 1; piece < bytes.Length; piece = (piece * 2) + 1)
        {
            FuzzFailure.Unless(Cut(bytes, piece) == whole, "frames do not depend on how a stream was cut");
        }

        static (int Frames, int Consumed, bool Broken) Cut(ReadOnlySpan<byte> bytes, int piece)
        {
            int frames = 0, consumed = 0;
            for (var arrived = Math.Min(piece, bytes.Length); ; arrived = Math.Min(arrived + piece, bytes.Length))
            {
                while (true)
                {
                    var buffered = bytes[consumed..arrived];
                    var status = StreamFraming.TryMeasure(buffered, 600, out var kind, out var size, TurnDefaults.MaxRfc5766Channel);
                    if (status is FrameStatus.Invalid or FrameStatus.TooLong)
                    {
                        return (frames, consumed, true);
                    }

                    if (status == FrameStatus.Incomplete)
                    {
                        break;
                    }

                    FuzzFailure.Unless(size > 0 && size <= buffered.Length, "a complete frame is there");
                    FuzzFailure.Unless(
                        kind == FrameKind.Stun ? StunMessage.TryRead(buffered[..size], out _) != StunReadStatus.Incomplete : ChannelData.TryRead(buffered[..size], out _, TurnDefaults.MaxRfc5766Channel),
                        "a frame is a whole message");
                    frames++;
                    consumed += size;
                }

                if (arrived == bytes.Length)
                {
                    return (frames, consumed, false);
                }
            }
        }
    }

    /// <summary>ChannelData, read and written again.</summary>
    public static void Channel(ReadOnlySpan<byte> bytes)
    {
        if (!ChannelData.TryRead(bytes, out var message, TurnDefaults.MaxRfc5766Channel))
        {
            return;
        }

        FuzzFailure.Unless(message.Channel is >= 0x4000 and <= TurnDefaults.MaxRfc5766Channel && message.Data.Length + ChannelData.HeaderSize <= bytes.Length, "channel and data are in range");
        Span<byte> again = stackalloc byte[1100];
        var size = ChannelData.Write(again, message.Channel, message.Data, stream: true);
        FuzzFailure.Unless(
            size % 4 == 0 && ChannelData.TryRead(again[..size], out var second, TurnDefaults.MaxRfc5766Channel) && second.Channel == message.Channel && second.Data.SequenceEqual(message.Data),
            "ChannelData reads as it was written");
    }

    /// <summary>Writes into buffers of every size up to what is needed: too small is told, nothing is written behind the end.</summary>
    public void Written(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4)
        {
            return;
        }

        var room = Math.Min(bytes[0] * 4, buffer.Length - 8) + (bytes[1] & 3);
        buffer.AsSpan(room, 8).Fill(0xA5);
        var writer = new StunWriter(buffer.AsSpan(0, room), StunMethod.Allocate, StunClass.Request, new TransactionId(3, 4));
        writer.Add((AttributeType)(0xC000 | bytes[2]), bytes[3..]);
        writer.AddXorAddress(AttributeType.XorPeerAddress, (bytes[1] & 4) != 0 ? TransportAddress.FromIPv6(1, 2, 3) : TransportAddress.FromIPv4(1, 3));
        writer.AddMessageIntegrity(key);
        writer.AddMessageIntegritySha256(key);
        writer.AddFingerprint();
        var length = writer.Finish();
        FuzzFailure.Unless(buffer.AsSpan(room, 8).IndexOfAnyExcept((byte)0xA5) < 0, "nothing is written behind the buffer");
        FuzzFailure.Unless(length == 0 == writer.Overflowed && length <= room, "a message that did not fit is told");
    }

    /// <summary>A native socket address.</summary>
    public static void SocketAddress(ReadOnlySpan<byte> bytes)
    {
        if (!TransportAddress.TryReadSockaddr(bytes, out var address))
        {
            return;
        }

        Span<byte> again = stackalloc byte[TransportAddress.MaxSockaddrSize];
        address.WriteSockaddr(again);
        FuzzFailure.Unless(TransportAddress.TryReadSockaddr(again, out var second) && second == address, "an address reads as it was written");
        FuzzFailure.Unless(TransportAddress.Parse(address.ToString()) == address, "an address reads as its text");
    }

    private void CheckIntegrity(in StunMessage message)
    {
        // A key of the fuzzer's own: true only for what Repaired wrote.
        message.CheckMessageIntegrity(key);
        message.CheckMessageIntegritySha256(key, 16);
        message.CheckFingerprint();
    }
}
