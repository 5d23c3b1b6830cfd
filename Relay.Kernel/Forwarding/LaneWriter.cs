using System.Buffers.Binary;
using System.Runtime.InteropServices;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Kernel.Forwarding;

/// <summary>Fills in a lane: keys as packets have them, and what checksums change by, worked out once.</summary>
internal static unsafe class LaneWriter
{
    private const uint FirstWordOfIPv4 = 0x0045, Udp = 17 << 8;

    /// <param name="lane">Zeroed, but for its counters.</param>
    /// <param name="addresses">Of the flow.</param>
    /// <param name="toPeer">Which of the two lanes.</param>
    public static void Write(LaneLayout* lane, in FlowAddresses addresses, bool toPeer)
    {
        var (oldSource, oldTarget) = toPeer ? (addresses.Client, addresses.Server) : (addresses.Peer, addresses.Relayed);
        var (newSource, newTarget) = toPeer ? (addresses.Relayed, addresses.Peer) : (addresses.Server, addresses.Client);
        var size = oldSource.AddressSize;
        WriteKey(new Span<byte>(lane->Key, size == 4 ? KeyV4.Size : KeyV6.Size), oldSource, oldTarget, toPeer ? addresses.Channel : (ushort)0);
        var fresh = new Span<byte>(lane->Addresses, 2 * size);
        newSource.WriteAddress(fresh);
        newTarget.WriteAddress(fresh[size..]);
        lane->SourcePort = Network(newSource.Port);
        lane->DestinationPort = Network(newTarget.Port);
        lane->Channel = toPeer ? (ushort)0 : Network(addresses.Channel);

        var before = new ReadOnlySpan<byte>(lane->Key, 2 * size);
        uint oldSum = Sum(before), newSum = Sum(fresh);
        lane->OldPseudoHeader = oldSum + Udp;
        lane->NewPseudoHeader = newSum + Udp;
        lane->HeaderSum = size == 4 ? FirstWordOfIPv4 + Udp + newSum : 0;

        // Subtracting is adding the complement.
        var change = newSum + Complement(oldSum) + Network(newSource.Port) + Network(newTarget.Port) + Complement(Network(oldSource.Port)) + Complement(Network(oldTarget.Port));
        lane->ChecksumChange = change + (toPeer ? Complement(Network(addresses.Channel)) : Network(addresses.Channel));
    }

    /// <summary>Writes the key of a lane.</summary>
    public static void WriteKey(Span<byte> key, in TransportAddress source, in TransportAddress target, ushort channel)
    {
        key.Clear();
        var size = source.AddressSize;
        source.WriteAddress(key);
        target.WriteAddress(key[size..]);
        BinaryPrimitives.WriteUInt16BigEndian(key[(2 * size)..], source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(key[((2 * size) + 2)..], target.Port);
        BinaryPrimitives.WriteUInt16BigEndian(key[((2 * size) + 4)..], channel);
    }

    private static ushort Network(ushort value) => BinaryPrimitives.ReverseEndianness(value);

    private static uint Complement(uint sum)
    {
        while (sum > 0xFFFF)
        {
            sum = (sum >> 16) + (sum & 0xFFFF);
        }

        return sum ^ 0xFFFF;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        foreach (var word in MemoryMarshal.Cast<byte, ushort>(bytes))
        {
            sum += word;
        }

        return sum;
    }
}
