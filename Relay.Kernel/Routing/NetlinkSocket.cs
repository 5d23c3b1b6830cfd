using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NetDiscovery.Relay.Kernel.Bpf;

namespace NetDiscovery.Relay.Kernel.Routing;

/// <summary>A route netlink socket: questions to the kernel about links, routes and neighbours, or a stream of their changes. One thread at a time.</summary>
internal sealed unsafe partial class NetlinkSocket : IDisposable
{
    public const ushort NewLink = 16, GetLink = 18, NewNeighbour = 28, DeleteNeighbour = 29, GetNeighbour = 30, NewRoute = 24, GetRoute = 26;

    /// <summary>Groups of changes: links, neighbours, IPv4 and IPv6 addresses and routes.</summary>
    public const uint AllChanges = 0x1 | 0x4 | 0x10 | 0x40 | 0x100 | 0x400;

    private const int Netlink = 16, Raw = 3, CloseOnExec = 0x80000, SocketLevel = 1, ReceiveTimeout = 20, ReceiveBuffer = 8;
    private const int HeaderSize = 16;
    private const ushort Error = 2, Done = 3, Request = 1, Dump = 0x300;

    private readonly SafeFileHandle socket;
    private readonly byte[] room = new byte[64 * 1024];
    private uint sequence;

    /// <param name="groups">Changes to hear of; 0 for questions only.</param>
    /// <param name="timeout">The longest a receive waits.</param>
    public NetlinkSocket(uint groups, TimeSpan timeout)
    {
        socket = Open(Netlink, Raw | CloseOnExec, 0);
        if (socket.IsInvalid)
        {
            throw new BpfException("opening a netlink socket", -Marshal.GetLastPInvokeError());
        }

        var address = new NetlinkAddress { Family = Netlink, Groups = groups };
        var wait = (Seconds: (long)timeout.TotalSeconds, Microseconds: (long)timeout.Milliseconds * 1000);
        var buffer = 1 << 20;
        if (Bind(socket, &address, sizeof(NetlinkAddress)) != 0)
        {
            throw new BpfException("binding a netlink socket", -Marshal.GetLastPInvokeError());
        }

        SetOption(socket, SocketLevel, ReceiveTimeout, &wait, 16);
        SetOption(socket, SocketLevel, ReceiveBuffer, &buffer, sizeof(int));
    }

    /// <summary>Handles one message. The body begins behind the netlink header.</summary>
    public delegate void Handler(ushort type, ReadOnlySpan<byte> body);

    /// <summary>Asks one question.</summary>
    /// <param name="type">One of the GET types.</param>
    /// <param name="body">What follows the netlink header.</param>
    /// <param name="all">True: all there are, not one.</param>
    /// <param name="handler">Takes the answers.</param>
    /// <returns>0, or the error number, negated.</returns>
    public int Ask(ushort type, ReadOnlySpan<byte> body, bool all, Handler handler)
    {
        var request = room.AsSpan(0, HeaderSize + body.Length);
        MemoryMarshal.Write(request, request.Length);
        MemoryMarshal.Write(request[4..], type);
        MemoryMarshal.Write(request[6..], (ushort)(all ? Request | Dump : Request));
        MemoryMarshal.Write(request[8..], ++sequence);
        MemoryMarshal.Write(request[12..], 0);
        body.CopyTo(request[HeaderSize..]);
        fixed (byte* start = request)
        {
            if (Send(socket, start, (nuint)request.Length, 0) < 0)
            {
                return -Marshal.GetLastPInvokeError();
            }
        }

        while (true)
        {
            var received = Receive();
            if (received < 0)
            {
                return received;
            }

            if (Walk(received, all, sequence, handler) is { } result)
            {
                return result;
            }
        }
    }

    /// <summary>Waits for changes and hands them over.</summary>
    /// <returns>0; negative when there was none in time (<c>EAGAIN</c>) or some were lost (<c>ENOBUFS</c>).</returns>
    public int Hear(Handler handler)
    {
        var received = Receive();
        if (received > 0)
        {
            Walk(received, all: true, ofRequest: null, handler);
        }

        return Math.Min(received, 0);
    }

    /// <summary>Goes through the attributes behind a message's fixed part.</summary>
    public static ReadOnlySpan<byte> FindAttribute(ReadOnlySpan<byte> attributes, ushort wanted)
    {
        while (attributes.Length >= 4)
        {
            int size = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (size < 4 || size > attributes.Length)
            {
                break;
            }

            if ((BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) & 0x3FFF) == wanted)
            {
                return attributes[4..size];
            }

            attributes = attributes[Math.Min((size + 3) & ~3, attributes.Length)..];
        }

        return default;
    }

    /// <summary>Appends an attribute.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteAttribute(Span<byte> to, ushort type, ReadOnlySpan<byte> value)
    {
        var size = 4 + value.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)size);
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], type);
        value.CopyTo(to[4..]);
        to[size..((size + 3) & ~3)].Clear();
        return (size + 3) & ~3;
    }

    public void Dispose() => socket.Dispose();

    private int Receive()
    {
        fixed (byte* start = room)
        {
            var received = Receive(socket, start, (nuint)room.Length, 0);
            return received < 0 ? -Marshal.GetLastPInvokeError() : (int)received;
        }
    }

    // The result when the answer is complete.
    private int? Walk(int received, bool all, uint? ofRequest, Handler handler)
    {
        var left = room.AsSpan(0, received);
        while (left.Length >= HeaderSize)
        {
            var size = MemoryMarshal.Read<int>(left);
            if (size < HeaderSize || size > left.Length)
            {
                break;
            }

            var type = MemoryMarshal.Read<ushort>(left[4..]);
            var answers = MemoryMarshal.Read<uint>(left[8..]);
            var body = left[HeaderSize..size];
            left = left[Math.Min((size + 3) & ~3, left.Length)..];
            if (ofRequest is { } asked && asked != answers)
            {
                continue; // the late answer to a question that was given up
            }

            switch (type)
            {
                case Error:
                    return MemoryMarshal.Read<int>(body);
                case Done:
                    return 0;
            }

            handler(type, body);
            if (!all)
            {
                return 0;
            }
        }

        return null;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial SafeFileHandle Open(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(SafeFileHandle socket, NetlinkAddress* address, int size);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(SafeFileHandle socket, int level, int option, void* value, int size);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeFileHandle socket, byte* data, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeFileHandle socket, byte* data, nuint size, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct NetlinkAddress
    {
        public ushort Family;
        public ushort Padding;
        public uint Process;
        public uint Groups;
    }
}
