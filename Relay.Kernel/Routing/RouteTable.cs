using System.Runtime.InteropServices;
using System.Text;

namespace NetDiscovery.Relay.Kernel.Routing;

/// <summary>Questions about links, routes and neighbours. Thread-safe.</summary>
internal sealed class RouteTable : IDisposable
{
    private const int InterNetwork = 2, InterNetwork6 = 10;
    private const byte Unicast = 1, Local = 2;
    private const ushort RouteDestination = 1, RouteSource = 2, RouteOut = 4, RouteGateway = 5, RouteVia = 18;
    private const ushort LinkAddress = 1, LinkName = 3, LinkMtu = 4, LinkInfo = 18, LinkInfoKind = 1;
    private const ushort NeighbourDestination = 1, NeighbourAddress = 2;
    private const ushort EthernetType = 1, LoopbackType = 772;

    private readonly NetlinkSocket socket = new(0, TimeSpan.FromSeconds(2));
    private readonly Lock gate = new();

    /// <returns>Every interface of this network namespace.</returns>
    public IReadOnlyList<LinkInformation> Links()
    {
        var found = new List<LinkInformation>();
        lock (gate)
        {
            Span<byte> body = stackalloc byte[16];
            body.Clear();
            socket.Ask(NetlinkSocket.GetLink, body, all: true, (type, answer) =>
            {
                if (type == NetlinkSocket.NewLink && answer.Length >= 16)
                {
                    found.Add(ReadLink(answer));
                }
            });
        }

        return found;
    }

    /// <summary>Asks which way a packet from <paramref name="source"/> to <paramref name="destination"/> would go now.</summary>
    public Route Find(in Protocol.TransportAddress source, in Protocol.TransportAddress destination)
    {
        Span<byte> body = stackalloc byte[12 + 4 + 16 + 4 + 16];
        Span<byte> address = stackalloc byte[16];
        body.Clear();
        var size = destination.AddressSize;
        body[0] = (byte)(size == 4 ? InterNetwork : InterNetwork6);
        body[1] = (byte)(size * 8);
        body[2] = (byte)(size * 8);
        destination.WriteAddress(address);
        var length = 12 + NetlinkSocket.WriteAttribute(body[12..], RouteDestination, address[..size]);
        var target = new NextHopAddress(address[..size]);
        source.WriteAddress(address);
        length += NetlinkSocket.WriteAttribute(body[length..], RouteSource, address[..size]);
        var route = default(Route);
        lock (gate)
        {
            socket.Ask(NetlinkSocket.GetRoute, body[..length], all: false, (type, answer) =>
            {
                if (type == NetlinkSocket.NewRoute && answer.Length >= 12 && answer[7] is Unicast or Local)
                {
                    route = ReadRoute(answer[12..], size, target);
                }
            });
        }

        return route;
    }

    /// <returns>The hardware address of a neighbour, or null while the kernel does not know it.</returns>
    public ulong? FindNeighbour(int interfaceIndex, NextHopAddress address)
    {
        Span<byte> body = stackalloc byte[12 + 4 + 16];
        Span<byte> bytes = stackalloc byte[16];
        body.Clear();
        var size = address.Write(bytes);
        body[0] = (byte)(size == 4 ? InterNetwork : InterNetwork6);
        MemoryMarshal.Write(body[4..], interfaceIndex);
        var length = 12 + NetlinkSocket.WriteAttribute(body[12..], NeighbourDestination, bytes[..size]);
        ulong? found = null;
        lock (gate)
        {
            socket.Ask(NetlinkSocket.GetNeighbour, body[..length], all: false, (type, answer) =>
            {
                if (TryReadNeighbour(type, answer, out _, out _, out var known))
                {
                    found = known;
                }
            });
        }

        return found;
    }

    /// <summary>Reads a message about a neighbour.</summary>
    /// <param name="type">The message's type.</param>
    /// <param name="body">The message.</param>
    /// <param name="interfaceIndex">Where the neighbour is.</param>
    /// <param name="address">Its IP address.</param>
    /// <param name="hardware">Its hardware address; null when it is not, or no longer, known.</param>
    public static bool TryReadNeighbour(ushort type, ReadOnlySpan<byte> body, out int interfaceIndex, out NextHopAddress address, out ulong? hardware)
    {
        // NUD_REACHABLE, STALE, DELAY, PROBE, NOARP, PERMANENT: an address that the stack itself would use.
        const ushort Usable = 0x02 | 0x04 | 0x08 | 0x10 | 0x40 | 0x80;
        interfaceIndex = 0;
        address = default;
        hardware = null;
        if (type is not (NetlinkSocket.NewNeighbour or NetlinkSocket.DeleteNeighbour) || body.Length < 12)
        {
            return false;
        }

        var destination = NetlinkSocket.FindAttribute(body[12..], NeighbourDestination);
        if (destination.Length is not (4 or 16))
        {
            return false;
        }

        interfaceIndex = MemoryMarshal.Read<int>(body[4..]);
        address = new NextHopAddress(destination);
        var link = NetlinkSocket.FindAttribute(body[12..], NeighbourAddress);
        if (type == NetlinkSocket.NewNeighbour && (MemoryMarshal.Read<ushort>(body[8..]) & Usable) != 0 && link.Length == 6)
        {
            hardware = ReadHardware(link);
        }

        return true;
    }

    public void Dispose() => socket.Dispose();

    private static Route ReadRoute(ReadOnlySpan<byte> attributes, int size, NextHopAddress target)
    {
        var leaving = NetlinkSocket.FindAttribute(attributes, RouteOut);
        if (leaving.Length != 4 || !NetlinkSocket.FindAttribute(attributes, RouteVia).IsEmpty)
        {
            return default;
        }

        var gateway = NetlinkSocket.FindAttribute(attributes, RouteGateway);
        return new Route(MemoryMarshal.Read<int>(leaving), gateway.Length == size ? new NextHopAddress(gateway) : target);
    }

    private static LinkInformation ReadLink(ReadOnlySpan<byte> body)
    {
        var attributes = body[16..];
        var hardware = NetlinkSocket.FindAttribute(attributes, LinkAddress);
        var mtu = NetlinkSocket.FindAttribute(attributes, LinkMtu);
        var kind = NetlinkSocket.FindAttribute(NetlinkSocket.FindAttribute(attributes, LinkInfo), LinkInfoKind);
        return new LinkInformation(
            MemoryMarshal.Read<int>(body[4..]),
            Text(NetlinkSocket.FindAttribute(attributes, LinkName)),
            MemoryMarshal.Read<ushort>(body[2..]) == EthernetType && hardware.Length == 6,
            MemoryMarshal.Read<ushort>(body[2..]) == LoopbackType && hardware.Length == 6,
            (MemoryMarshal.Read<uint>(body[8..]) & 1) != 0,
            mtu.Length == 4 ? MemoryMarshal.Read<int>(mtu) : 0,
            Text(kind),
            hardware.Length == 6 ? ReadHardware(hardware) : 0);
    }

    private static string Text(ReadOnlySpan<byte> zeroTerminated) => Encoding.UTF8.GetString(zeroTerminated.TrimEnd((byte)0));

    private static ulong ReadHardware(ReadOnlySpan<byte> bytes)
    {
        Span<byte> wide = stackalloc byte[8];
        wide.Clear();
        bytes.CopyTo(wide);
        return MemoryMarshal.Read<ulong>(wide);
    }
}
