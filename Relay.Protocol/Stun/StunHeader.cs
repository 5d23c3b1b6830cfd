using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>The fixed header of every STUN message (RFC 8489 §5). Wire size: 20 bytes.</summary>
/// <remarks>
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |0 0|     STUN Message Type     |         Message Length        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                   Magic Cookie 0x2112A442                     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                  Transaction ID (96 bits)                     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// </code>
/// </remarks>
/// <param name="Method">12 bits.</param>
/// <param name="Class">2 bits.</param>
/// <param name="AttributesSize">Bytes after the header: 0 to 65532, a multiple of 4.</param>
/// <param name="IsClassic">True without the magic cookie: RFC 3489, Binding and Shared Secret only (RFC 8489 §11).</param>
public readonly record struct StunHeader(StunMethod Method, StunClass Class, ushort AttributesSize, bool IsClassic)
{
    /// <summary>Wire size in bytes.</summary>
    public const int Size = 20;

    /// <summary>Fixed value of bytes 4 to 7.</summary>
    public const uint MagicCookie = 0x2112A442;

    /// <summary>The largest message: header and 65532 bytes of attributes.</summary>
    public const int MaxMessageSize = Size + 0xFFFC;

    /// <summary>Reads the header alone; says nothing about whether the attributes have arrived.</summary>
    /// <returns>
    /// <see cref="StunReadStatus.Incomplete"/> for fewer than 20 bytes that may become a header; never throws.
    /// </returns>
    public static StunReadStatus TryRead(ReadOnlySpan<byte> bytes, out StunHeader header)
    {
        header = default;
        if (bytes.IsEmpty) return StunReadStatus.Incomplete;
        if ((bytes[0] & 0xC0) != 0) return StunReadStatus.NotStun;
        if (bytes.Length < Size) return StunReadStatus.Incomplete;

        ushort type = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        ushort attributesSize = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        StunMethod method = MethodOf(type);
        bool classic = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) != MagicCookie;

        // Without the cookie nothing but the type says "STUN": believe it only for the two methods RFC 3489 had.
        if (classic && (method is not (StunMethod.Binding or StunMethod.SharedSecret) || attributesSize % 4 != 0)) return StunReadStatus.NotStun;
        if (method == StunMethod.Reserved || attributesSize % 4 != 0) return StunReadStatus.Malformed;
        header = new StunHeader(method, ClassOf(type), attributesSize, classic);
        return StunReadStatus.Ok;
    }

    /// <summary>Packs method and class as RFC 8489 §5 figure 3 draws them: M11-M7, C1, M6-M4, C0, M3-M0.</summary>
    public static ushort PackType(StunMethod method, StunClass messageClass)
    {
        int m = (int)method;
        int c = (int)messageClass;
        return (ushort)(((m & 0xF80) << 2) | ((c & 2) << 7) | ((m & 0x70) << 1) | ((c & 1) << 4) | (m & 0xF));
    }

    /// <summary>The 12 method bits of a message type.</summary>
    public static StunMethod MethodOf(ushort type) => (StunMethod)(((type >> 2) & 0xF80) | ((type >> 1) & 0x70) | (type & 0xF));

    /// <summary>The 2 class bits of a message type.</summary>
    public static StunClass ClassOf(ushort type) => (StunClass)(((type >> 7) & 2) | ((type >> 4) & 1));
}
