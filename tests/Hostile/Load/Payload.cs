using System.Buffers.Binary;

namespace NetDiscovery.Hostile.Load;

/// <summary>What legitimate clients send: flow and number, and bytes that follow from both, so that each datagram can be told from every other and checked.</summary>
internal static class Payload
{
    /// <summary>Bytes of each datagram: 20 ms of speech.</summary>
    public const int Size = 160;

    private const int HeaderSize = 16;

    /// <summary>Writes datagram <paramref name="number"/> of a flow.</summary>
    public static void Write(Span<byte> bytes, int flow, int number, long timestamp)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes, flow);
        BinaryPrimitives.WriteInt32BigEndian(bytes[4..], number);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], timestamp);
        Fill(bytes[HeaderSize..Size], flow, number);
    }

    /// <returns>False when a byte is not as it was written.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, int flow, out int number, out long timestamp)
    {
        number = 0;
        timestamp = 0;
        if (bytes.Length != Size || BinaryPrimitives.ReadInt32BigEndian(bytes) != flow)
        {
            return false;
        }

        number = BinaryPrimitives.ReadInt32BigEndian(bytes[4..]);
        timestamp = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
        Span<byte> expected = stackalloc byte[Size - HeaderSize];
        Fill(expected, flow, number);
        return expected.SequenceEqual(bytes[HeaderSize..]);
    }

    private static void Fill(Span<byte> bytes, int flow, int number)
    {
        var state = ((ulong)(uint)flow << 32) + (uint)number + 0x9E3779B97F4A7C15;
        for (var i = 0; i < bytes.Length; i++)
        {
            state = (state * 6364136223846793005) + 1442695040888963407;
            bytes[i] = (byte)(state >> 56);
        }
    }
}
