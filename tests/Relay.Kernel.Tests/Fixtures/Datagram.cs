using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Kernel.Tests.Fixtures;

/// <summary>Ethernet frames with one UDP datagram, made and taken apart the plain way.</summary>
internal static class Datagram
{
    public static readonly byte[] Here = [0, 0, 0, 0, 0, 0]; // the loopback interface, where test runs seem to arrive
    public static readonly byte[] There = [2, 0, 0, 0, 0, 2];

    /// <summary>A frame as a network card sees it.</summary>
    public static byte[] Make(TransportAddress source, TransportAddress target, ReadOnlySpan<byte> payload, byte hops = 64, byte trafficClass = 0)
    {
        var ipSize = source.AddressSize == 4 ? 20 : 40;
        var frame = new byte[14 + ipSize + 8 + payload.Length];
        Here.CopyTo(frame, 0);
        There.CopyTo(frame, 6);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), (ushort)(ipSize == 20 ? 0x0800 : 0x86DD));
        var ip = frame.AsSpan(14);
        var udp = ip[ipSize..];
        if (ipSize == 20)
        {
            ip[0] = 0x45;
            ip[1] = trafficClass;
            BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(ipSize + udp.Length));
            BinaryPrimitives.WriteUInt16BigEndian(ip[6..], 0x4000);
            ip[8] = hops;
            ip[9] = 17;
            source.WriteAddress(ip[12..]);
            target.WriteAddress(ip[16..]);
            BinaryPrimitives.WriteUInt16BigEndian(ip[10..], (ushort)~Sum(ip[..20]));
        }
        else
        {
            ip[0] = (byte)(0x60 | (trafficClass >> 4));
            ip[1] = (byte)((trafficClass << 4) | 7);
            ip[2] = 0x77;
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)udp.Length);
            ip[6] = 17;
            ip[7] = hops;
            source.WriteAddress(ip[8..]);
            target.WriteAddress(ip[24..]);
        }

        BinaryPrimitives.WriteUInt16BigEndian(udp, source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], target.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        payload.CopyTo(udp[8..]);
        SetChecksum(frame);
        return frame;
    }

    /// <summary>Puts the right UDP checksum in.</summary>
    public static void SetChecksum(Span<byte> frame)
    {
        var ipSize = IpSize(frame);
        frame.Slice(14 + ipSize + 6, 2).Clear();
        var checksum = (ushort)~PseudoAndUdp(frame, UdpOf(frame));
        BinaryPrimitives.WriteUInt16BigEndian(frame[(14 + ipSize + 6)..], checksum == 0 ? (ushort)0xFFFF : checksum);
    }

    /// <summary>Leaves the checksum as a sender does whose network card computes it: the pseudo-header's sum.</summary>
    public static void SetPartialChecksum(Span<byte> frame)
    {
        var ipSize = IpSize(frame);
        BinaryPrimitives.WriteUInt16BigEndian(frame[(14 + ipSize + 6)..], PseudoAndUdp(frame, []));
    }

    /// <returns>True when the checksum could be such a one.</returns>
    public static bool LooksPartial(ReadOnlySpan<byte> frame) =>
        BinaryPrimitives.ReadUInt16BigEndian(frame[(14 + IpSize(frame) + 6)..]) % 0xFFFF == PseudoAndUdp(frame, []) % 0xFFFF;

    /// <summary>Takes a frame apart; every checksum and length must hold.</summary>
    public static (TransportAddress Source, TransportAddress Target, byte[] Payload, byte Hops, byte TrafficClass) Read(ReadOnlySpan<byte> frame)
    {
        var ipSize = IpSize(frame);
        var ip = frame[14..];
        var udp = UdpOf(frame);
        Assert.Equal(ipSize == 20 ? 0x0800 : 0x86DD, BinaryPrimitives.ReadUInt16BigEndian(frame[12..]));
        if (ipSize == 20)
        {
            Assert.Equal(0xFFFF, Sum(ip[..20]));
            Assert.Equal(0, BinaryPrimitives.ReadUInt16BigEndian(ip[6..]));
            Assert.Equal(20 + udp.Length, BinaryPrimitives.ReadUInt16BigEndian(ip[2..]));
            Assert.Equal(17, ip[9]);
        }
        else
        {
            Assert.Equal(17, ip[6]);
        }

        Assert.Equal(udp.Length, BinaryPrimitives.ReadUInt16BigEndian(udp[4..]));
        Assert.NotEqual(0, BinaryPrimitives.ReadUInt16BigEndian(udp[6..]));
        Assert.Equal(0xFFFF, PseudoAndUdp(frame, udp));
        var size = ipSize == 20 ? 4 : 16;
        var at = ipSize == 20 ? 12 : 8;
        Assert.True(TransportAddress.TryFrom(ip.Slice(at, size), BinaryPrimitives.ReadUInt16BigEndian(udp), out var source));
        Assert.True(TransportAddress.TryFrom(ip.Slice(at + size, size), BinaryPrimitives.ReadUInt16BigEndian(udp[2..]), out var target));
        return (source, target, udp[8..].ToArray(), ipSize == 20 ? ip[8] : ip[7], ipSize == 20 ? ip[1] : (byte)((ip[0] << 4) | (ip[1] >> 4)));
    }

    private static int IpSize(ReadOnlySpan<byte> frame) => frame[14] >> 4 == 4 ? 20 : 40;

    private static ReadOnlySpan<byte> UdpOf(ReadOnlySpan<byte> frame)
    {
        var ip = frame[14..];
        return IpSize(frame) == 20 ? ip[20..BinaryPrimitives.ReadUInt16BigEndian(ip[2..])] : ip.Slice(40, BinaryPrimitives.ReadUInt16BigEndian(ip[4..]));
    }

    private static ushort PseudoAndUdp(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> udp)
    {
        var addresses = IpSize(frame) == 20 ? frame.Slice(14 + 12, 8) : frame.Slice(14 + 8, 32);
        byte[] all = [.. addresses, 0, 17, (byte)(UdpOf(frame).Length >> 8), (byte)UdpOf(frame).Length, .. udp];
        return Sum(all);
    }

    private static ushort Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            sum += (uint)(bytes[i] << (i % 2 == 0 ? 8 : 0));
        }

        while (sum > 0xFFFF)
        {
            sum = (sum >> 16) + (sum & 0xFFFF);
        }

        return (ushort)sum;
    }
}
