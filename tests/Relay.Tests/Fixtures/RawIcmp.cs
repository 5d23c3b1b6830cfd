using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>Sends ICMPv4 errors as a router would, about a datagram that need not have been sent. Needs CAP_NET_RAW.</summary>
internal sealed class RawIcmp : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);

    /// <returns>Null where the user may not.</returns>
    public static RawIcmp? TryOpen()
    {
        try
        {
            return new RawIcmp();
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>Sends an error about a datagram from <paramref name="from"/> to <paramref name="to"/>, to its sender.</summary>
    public void Send(byte type, byte code, ushort mtu, TransportAddress from, TransportAddress to)
    {
        var message = new byte[8 + 20 + 8];
        (message[0], message[1]) = (type, code);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), mtu);
        var ip = message.AsSpan(8);
        (ip[0], ip[8], ip[9]) = (0x45, 64, 17);
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], 28 + 100);
        from.WriteAddress(ip[12..]);
        to.WriteAddress(ip[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Checksum(ip[..20]));
        BinaryPrimitives.WriteUInt16BigEndian(ip[20..], from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(ip[22..], to.Port);
        BinaryPrimitives.WriteUInt16BigEndian(ip[24..], 8 + 100);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), Checksum(message));
        socket.SendTo(message, new IPEndPoint(from.ToIPEndPoint().Address, 0));
    }

    public void Dispose() => socket.Dispose();

    private static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (; bytes.Length > 1; bytes = bytes[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        }

        while (sum > 0xFFFF)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
