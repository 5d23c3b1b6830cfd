using System.Buffers.Binary;

namespace NetDiscovery.Relay.Listeners.Dtls;

/// <summary>
/// As much of a ClientHello (RFC 6347 §4.2) as the stateless cookie exchange needs; a view over the datagram.
/// <code>
/// record:    type 22 (1) | version 254.x (2) | epoch 0 (2) | sequence (6) | length (2)
/// handshake: type 1 (1) | length (3) | message_seq (2) | fragment_offset 0 (3) | fragment_length = length (3)
/// hello:     version (2) | random (32) | session_id (1 + 0..32) | cookie (1 + 0..255) | ...
/// </code>
/// </summary>
internal readonly ref struct ClientHello
{
    /// <summary>Smallest datagram that can hold one, in bytes: its answer must not be larger.</summary>
    public const int MinSize = BodyOffset + 2 + RandomSize + 1 + 1 + 2 + 2 + 1 + 1;

    /// <summary>Bytes of a record's header.</summary>
    public const int RecordHeaderSize = 13;

    /// <summary>Bytes of a handshake message's header.</summary>
    public const int HandshakeHeaderSize = 12;

    private const int BodyOffset = RecordHeaderSize + HandshakeHeaderSize;
    private const int RandomSize = 32;

    private ClientHello(ReadOnlySpan<byte> sequence, ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> cookie)
    {
        RecordSequence = sequence;
        Parameters = parameters;
        Cookie = cookie;
    }

    /// <summary>Sequence number of the record, 6 bytes: a HelloVerifyRequest repeats it.</summary>
    public ReadOnlySpan<byte> RecordSequence { get; }

    /// <summary>Version, random and session id: what the cookie is bound to.</summary>
    public ReadOnlySpan<byte> Parameters { get; }

    /// <summary>0 to 255 bytes; empty in a first ClientHello.</summary>
    public ReadOnlySpan<byte> Cookie { get; }

    /// <summary>Reads the first record of a datagram.</summary>
    /// <returns>False for anything but a ClientHello in the clear and in one piece: drop it silently. Never throws.</returns>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out ClientHello hello)
    {
        hello = default;
        if (datagram.Length < MinSize || datagram[0] != 22 || datagram[1] != 254 || datagram[3] != 0 || datagram[4] != 0)
        {
            return false;
        }

        var recordSize = BinaryPrimitives.ReadUInt16BigEndian(datagram[11..]);
        var handshake = datagram[RecordHeaderSize..];
        if (recordSize > handshake.Length)
        {
            return false;
        }

        handshake = handshake[..recordSize];
        if (recordSize < MinSize - RecordHeaderSize || handshake[0] != 1 || Read24(handshake[6..]) != 0
            || Read24(handshake[1..]) != Read24(handshake[9..]) || Read24(handshake[1..]) != recordSize - HandshakeHeaderSize)
        {
            return false;
        }

        var body = handshake[HandshakeHeaderSize..];
        var cookieAt = 2 + RandomSize + 1 + body[2 + RandomSize];
        if (body[0] != 254 || body[2 + RandomSize] > 32 || cookieAt >= body.Length || cookieAt + 1 + body[cookieAt] > body.Length)
        {
            return false;
        }

        hello = new ClientHello(datagram.Slice(5, 6), body[..cookieAt], body.Slice(cookieAt + 1, body[cookieAt]));
        return true;
    }

    private static int Read24(ReadOnlySpan<byte> bytes) => (bytes[0] << 16) | BinaryPrimitives.ReadUInt16BigEndian(bytes[1..]);
}
