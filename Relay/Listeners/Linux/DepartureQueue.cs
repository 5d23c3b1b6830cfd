using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NetDiscovery.Relay.Allocations.Journal;

namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>
/// Datagrams on their way out, copied into one arena in the order they were sent and chained for each socket. A flush makes one system call
/// for each socket; datagrams in a row to one destination, all of one size, leave as one (UDP_SEGMENT), which the kernel carries through its
/// layers once and cuts last. Used inside the worker only.
/// </summary>
internal sealed unsafe class DepartureQueue : IDisposable
{
    private const int MaxDepartures = DepartureLog.MaxDepartures;
    private const int ArenaSize = 1024 * 1024;
    private const int None = -1;

    // What fits the usual paths whole: longer datagrams would be fragmented, which segmentation refuses.
    private const int MaxSegment = 1452;
    private const int MaxSegments = 60;
    private const int MaxSegmentedBytes = 60_000;
    private const int ControlStride = 24;

    // After the kernel refused a segmented send (path of small MTU, IPsec), that many flushes of the socket go without.
    private const int FlushesWithoutSegments = 64;

    private readonly byte* arena = (byte*)NativeMemory.AlignedAlloc(ArenaSize, 4096);
    private readonly Departure* departures = (Departure*)NativeMemory.AllocZeroed(MaxDepartures, (nuint)sizeof(Departure));
    private readonly LibC.IoVector* parts = (LibC.IoVector*)NativeMemory.AllocZeroed(MaxDepartures, (nuint)sizeof(LibC.IoVector));
    private readonly byte* controls = (byte*)NativeMemory.AllocZeroed(MaxDepartures * ControlStride);
    private readonly byte* unjournaled = (byte*)NativeMemory.AllocZeroed(DepartureLog.Size);
    private readonly int[] heads = new int[DepartureLog.MaxMessages + 1];
    private readonly BatchedDatagramSocket?[] waiting = new BatchedDatagramSocket?[MaxDepartures];
    private int count;
    private int used;
    private int waitingCount;
    private int messageCount;

    public DepartureQueue() => Log = new DepartureLog(unjournaled);

    /// <summary>Keeps what is in the queue until it is counted; at first in memory that nothing outlives.</summary>
    public DepartureLog Log { get; set; }

    /// <summary>Appends a datagram; sends everything first when there is no room.</summary>
    /// <param name="socket">The socket it leaves from.</param>
    /// <param name="datagram">Up to <see cref="DatagramBuffers.MaxDatagram"/> bytes; copied.</param>
    /// <param name="to">Where to; of the socket's family.</param>
    public void Add(BatchedDatagramSocket socket, ReadOnlySpan<byte> datagram, in TransportAddress to)
    {
        if (count == MaxDepartures || used + datagram.Length > ArenaSize)
        {
            FlushAll();
        }

        ref var departure = ref departures[count];
        departure.Offset = used;
        departure.Length = datagram.Length;
        departure.Next = None;
        departure.AddressSize = to.WriteSockaddr(new Span<byte>(Unsafe.AsPointer(ref departure.Address), TransportAddress.MaxSockaddrSize));
        datagram.CopyTo(new Span<byte>(arena + used, datagram.Length));
        used += datagram.Length;
        ref var chain = ref socket.Departures;
        if (chain.Count++ == 0)
        {
            chain.First = count;
            waiting[waitingCount++] = socket;
        }
        else
        {
            departures[chain.Last].Next = count;
        }

        Log.Put(count);
        chain.Last = count++;
    }

    /// <summary>Sends everything.</summary>
    public void FlushAll()
    {
        if (count == 0)
        {
            return;
        }

        for (var i = 0; i < waitingCount; i++)
        {
            Flush(waiting[i]!);
            waiting[i] = null;
        }

        Log.Settle(count);
        count = used = waitingCount = messageCount = 0;
    }

    /// <summary>Sends what waits for one socket.</summary>
    public void Flush(BatchedDatagramSocket socket)
    {
        ref var chain = ref socket.Departures;
        var (first, chained) = (chain.First, chain.Count);
        if (chained == 0)
        {
            return;
        }

        // It may be chained again before this flush of all sockets ends; twice in the list does no harm, but the list has its length.
        chain.Count = 0;
        Log.Begin(count);
        if (chained == 1)
        {
            SendOne(socket, first);
            return;
        }

        var sent = messageCount;
        var made = messageCount = MakeMessages(first, segmented: chain.WithoutSegments == 0);
        chain.WithoutSegments -= chain.WithoutSegments > 0 ? 1 : 0;
        var again = socket.ReportsIcmp;
        while (sent < made)
        {
            var taken = LibC.SendMany(socket.Descriptor, Log.Messages + sent, (uint)(made - sent), LibC.MSG_DONTWAIT);
            if (taken <= 0 && again)
            {
                // It may have failed for what an earlier datagram met, to another peer.
                again = false;
                continue;
            }

            again = socket.ReportsIcmp;
            if (taken <= 0)
            {
                OnRefused(socket, sent);
                taken = 1;
            }

            sent += taken;
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(arena);
        NativeMemory.Free(departures);
        NativeMemory.Free(parts);
        NativeMemory.Free(controls);
        NativeMemory.Free(unjournaled);
    }

    private int MakeMessages(int first, bool segmented)
    {
        int made = messageCount, partCount = 0;
        for (var next = first; next != None; made++)
        {
            ref var head = ref departures[next];
            heads[made] = next;
            Log.Assign(next, made);
            var part = parts + partCount;
            var (segments, bytes, end) = (1, head.Length, head.Offset + head.Length);
            *part = new LibC.IoVector { Bytes = arena + head.Offset, Size = (nuint)head.Length };
            next = head.Next;
            var open = segmented && head.Length is > 0 and <= MaxSegment;
            while (open && next != None && Continues(head, departures[next], segments, bytes))
            {
                ref var member = ref departures[next];
                Log.Assign(next, made);
                if (member.Offset == end)
                {
                    part->Size += (nuint)member.Length;
                }
                else
                {
                    *++part = new LibC.IoVector { Bytes = arena + member.Offset, Size = (nuint)member.Length };
                }

                (segments, bytes, end) = (segments + 1, bytes + member.Length, member.Offset + member.Length);
                open = member.Length == head.Length;
                next = member.Next;
            }

            ref var message = ref Log.Messages[made];
            message.Address = (byte*)Unsafe.AsPointer(ref head.Address);
            message.AddressSize = (ulong)head.AddressSize;
            message.Parts = parts + partCount;
            message.PartCount = (ulong)(part - message.Parts + 1);
            message.Control = segments > 1 ? WriteSegmentSize(made - messageCount, head.Length) : null;
            message.ControlSize = segments > 1 ? ControlStride : 0UL;
            partCount += (int)message.PartCount;
        }

        heads[made] = None;
        return made;
    }

    private static bool Continues(in Departure head, in Departure member, int segments, int bytes) =>
        member.Length > 0
        && member.Length <= head.Length
        && segments < MaxSegments
        && bytes + member.Length <= MaxSegmentedBytes
        && head.AddressSize == member.AddressSize
        && head.Address.First == member.Address.First
        && (head.AddressSize <= sizeof(UInt128) || head.Address.Rest == member.Address.Rest);

    private byte* WriteSegmentSize(int message, int size)
    {
        // struct cmsghdr: size_t length, int level, int type; then the size of a segment as a 16-bit number.
        var control = controls + (message * ControlStride);
        *(nuint*)control = 18;
        *(int*)(control + 8) = LibC.SOL_UDP;
        *(int*)(control + 12) = LibC.UDP_SEGMENT;
        *(ushort*)(control + 16) = (ushort)size;
        return control;
    }

    private void OnRefused(BatchedDatagramSocket socket, int message)
    {
        if (Log.Messages[message].ControlSize == 0)
        {
            Unsent(socket, heads[message]);
            return;
        }

        // One by one the datagrams may still go.
        socket.Departures.WithoutSegments = FlushesWithoutSegments;
        for (var departure = heads[message]; departure != heads[message + 1] && departure != None; departure = departures[departure].Next)
        {
            SendOne(socket, departure);
        }
    }

    private void SendOne(BatchedDatagramSocket socket, int index)
    {
        // Not sendto: only with sendmmsg the kernel itself writes down that it took the datagram.
        ref var departure = ref departures[index];
        var part = new LibC.IoVector { Bytes = arena + departure.Offset, Size = (nuint)departure.Length };
        var message = messageCount++;
        ref var header = ref Log.Messages[message];
        header.Address = (byte*)Unsafe.AsPointer(ref departure.Address);
        header.AddressSize = (ulong)departure.AddressSize;
        header.Parts = &part;
        header.PartCount = 1;
        header.Control = null;
        header.ControlSize = 0;
        Log.Assign(index, message);
        if (LibC.SendMany(socket.Descriptor, Log.Messages + message, 1, LibC.MSG_DONTWAIT) <= 0
            && !(socket.ReportsIcmp && LibC.SendMany(socket.Descriptor, Log.Messages + message, 1, LibC.MSG_DONTWAIT) > 0))
        {
            Unsent(socket, index);
        }
    }

    private void Unsent(BatchedDatagramSocket socket, int index)
    {
        ref var departure = ref departures[index];
        // No route, too long for the path, send buffer full, refused by a firewall: the datagram is lost.
        var known = TransportAddress.TryReadSockaddr(new ReadOnlySpan<byte>(Unsafe.AsPointer(ref departure.Address), departure.AddressSize), out var to);
        Debug.Assert(known, "The address was written here.");
        socket.Sink.OnUnsent(new ReadOnlySpan<byte>(arena + departure.Offset, departure.Length), to, counted: !Log.Counts(index));
    }

    /// <summary>What one socket has in the queue.</summary>
    internal struct Chain
    {
        public int First;
        public int Last;
        public int Count;
        public int WithoutSegments;
    }

    private struct Departure
    {
        public int Offset;
        public int Length;
        public int Next;
        public int AddressSize;
        public SocketAddressBytes Address;
    }

    /// <summary>A native socket address: an IPv4 one fills the first half.</summary>
    private struct SocketAddressBytes
    {
        public UInt128 First;
        public UInt128 Rest;
    }
}
