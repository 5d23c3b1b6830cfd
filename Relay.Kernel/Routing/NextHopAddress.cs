using System.Buffers.Binary;

namespace NetDiscovery.Relay.Kernel.Routing;

/// <summary>An IP address without port, to find neighbours by.</summary>
internal readonly record struct NextHopAddress
{
    private readonly UInt128 value;
    private readonly byte size;

    /// <param name="bytes">4 or 16, network byte order.</param>
    public NextHopAddress(ReadOnlySpan<byte> bytes)
    {
        size = (byte)bytes.Length;
        value = size == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>Writes the address.</summary>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> to)
    {
        if (size == 4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(to, (uint)value);
        }
        else
        {
            BinaryPrimitives.WriteUInt128BigEndian(to, value);
        }

        return size;
    }
}
