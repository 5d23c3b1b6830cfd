using System.Runtime.InteropServices;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>What a slot holds. Stored as its number: never renumber. Far apart, so that a damaged one is not taken for another.</summary>
internal enum SlotState
{
    /// <summary>Nothing.</summary>
    Free = 0,

    /// <summary>Something that is being written; after a crash it counts as free, for no client was answered.</summary>
    Writing = 0x1E57_A3C1,

    /// <summary>A live allocation.</summary>
    Live = 0x2D9B_5C72,

    /// <summary>An ended allocation whose end the cluster has not confirmed.</summary>
    Closed = 0x4BC6_9E2D,

    /// <summary>More permissions and channels of a live allocation, whose own slot is full.</summary>
    Extension = 0x7835_E18E,
}

/// <summary>Counters of one allocation, one cache line of mapped memory. Plain increments: only the owning worker writes.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct UsageCounters
{
    public long BytesFromClient;
    public long BytesToClient;
    public long BytesToPeer;
    public long BytesFromPeer;
    public long PacketsFromClient;
    public long PacketsToClient;
    public long PacketsToPeer;
    public long PacketsFromPeer;

    /// <summary>Adds a datagram and what it led to.</summary>
    /// <param name="kind">Which counters.</param>
    /// <param name="received">Bytes received; 0 = nothing.</param>
    /// <param name="sent">Bytes of what it led to.</param>
    /// <param name="taken">True when the system has taken that.</param>
    public void Add(Counted kind, int received, int sent, bool taken)
    {
        if (kind == Counted.ToClient)
        {
            BytesFromPeer += received;
            PacketsFromPeer++;
        }
        else if (kind != Counted.Nothing && received > 0)
        {
            BytesFromClient += received;
            PacketsFromClient++;
        }

        if (!taken)
        {
            return;
        }

        if (kind == Counted.ToPeer)
        {
            BytesToPeer += sent;
            PacketsToPeer++;
        }
        else if (kind != Counted.Nothing)
        {
            BytesToClient += sent;
            PacketsToClient++;
        }
    }
}

/// <summary>
/// A slot as it lies in the file: 2048 bytes, fields in the machine's byte order (a journal does not move between machines).
/// The state is written last, so that a process killed at any moment leaves a slot that is whole or does not count.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal unsafe struct SlotLayout
{
    public const int Size = 2048;
    public const int IdentityOffset = 128;
    public const int IdentityRoom = 896;
    public const int ReplyOffset = IdentityOffset + IdentityRoom;
    public const int ReplyRoom = 384;
    public const int CellsOffset = ReplyOffset + ReplyRoom;
    public const int Cells = (Size - CellsOffset) / PeerCell.Size;
    public const int ExtensionHead = 64;
    public const int ExtensionCells = (Size - ExtensionHead) / PeerCell.Size;

    [FieldOffset(0)] public int State;
    [FieldOffset(4)] public int CloseReason;
    [FieldOffset(8)] public long Sequence;
    [FieldOffset(16)] public long ClosedSequence;
    [FieldOffset(24)] public long ExpiresUnixMilliseconds;
    [FieldOffset(32)] public long ClosedUnixMilliseconds;
    [FieldOffset(40)] public long Deadline;
    [FieldOffset(48)] public int Worker;
    [FieldOffset(52)] public int LostFamilies;
    [FieldOffset(56)] public int Mobile;
    [FieldOffset(60)] public int ToldOfIcmp;
    [FieldOffset(64)] public UsageCounters Counters;
    [FieldOffset(IdentityOffset)] public fixed byte Identity[IdentityRoom];
    [FieldOffset(ReplyOffset)] public fixed byte Reply[ReplyRoom];

    // Of an extension: which slot it belongs to, as how manieth, and whose that was.
    [FieldOffset(4)] public int ExtensionOrdinal;
    [FieldOffset(8)] public int ExtensionOwner;
    [FieldOffset(16)] public Guid ExtensionAllocation;
}

/// <summary>One allocation's place in the journal. Lives as long as the journal is open.</summary>
/// <param name="layout">Mapped memory.</param>
/// <param name="index">Number of the slot in the file.</param>
/// <param name="rewrite">The journal's.</param>
internal sealed unsafe class JournalSlot(SlotLayout* layout, int index, IdentityRewrite rewrite)
{
    // The year 10000, where DateTimeOffset ends.
    private const long MaxUnixMilliseconds = 253_402_300_800_000;

    private List<JournalSlot>? extensions;
    private ulong guard;

    /// <summary>Number of the slot in the file.</summary>
    public int Index => index;

    /// <summary>The counters themselves, in mapped memory.</summary>
    public ref UsageCounters Counters => ref layout->Counters;

    /// <summary>What the slot holds now.</summary>
    public SlotState State
    {
        get => (SlotState)Volatile.Read(ref layout->State);
        internal set => Volatile.Write(ref layout->State, (int)value);
    }

    /// <summary>Number of the last control event given out, 0 before the first; written by the one sender of the allocation's shard.</summary>
    public long Sequence
    {
        get => Volatile.Read(ref layout->Sequence);
        set => Volatile.Write(ref layout->Sequence, value);
    }

    /// <summary>Number of the closing event; not above 1, the opening's, until it was given out. Kept so that a restart sends the same again.</summary>
    public long ClosedSequence
    {
        get => Volatile.Read(ref layout->ClosedSequence);
        set => Volatile.Write(ref layout->ClosedSequence, value);
    }

    /// <summary>When the allocation ends unless refreshed.</summary>
    public DateTimeOffset ExpiresAt
    {
        get => DateTimeOffset.FromUnixTimeMilliseconds(Volatile.Read(ref layout->ExpiresUnixMilliseconds));
        set => Volatile.Write(ref layout->ExpiresUnixMilliseconds, value.ToUnixTimeMilliseconds());
    }

    /// <summary>When the allocation ended; meaningful in <see cref="SlotState.Closed"/>.</summary>
    public DateTimeOffset ClosedAt => DateTimeOffset.FromUnixTimeMilliseconds(Volatile.Read(ref layout->ClosedUnixMilliseconds));

    /// <summary>Why it ended; meaningful in <see cref="SlotState.Closed"/>.</summary>
    public AllocationCloseReason CloseReason => (AllocationCloseReason)Volatile.Read(ref layout->CloseReason);

    /// <summary>When the allocation ends unless refreshed, in <see cref="JournalClock"/> milliseconds: what a restart goes by.</summary>
    public long Deadline
    {
        get => Volatile.Read(ref layout->Deadline);
        set => Volatile.Write(ref layout->Deadline, value);
    }

    /// <summary>The worker the allocation is in, plus 1, where only the kernel knows which worker a client reaches; else 0.</summary>
    public int Worker
    {
        get => layout->Worker;
        set => layout->Worker = value;
    }

    /// <summary>True when its client has a ticket to move it with (RFC 8016).</summary>
    public bool Mobile
    {
        get => layout->Mobile != 0;
        set => layout->Mobile = value ? 1 : 0;
    }

    /// <summary>True when its client is told of ICMP errors.</summary>
    public bool ToldOfIcmp
    {
        get => layout->ToldOfIcmp != 0;
        set => layout->ToldOfIcmp = value ? 1 : 0;
    }

    /// <summary>False when it holds numbers that no relay writes.</summary>
    internal bool IsPlausible =>
        Sequence >= 0 && ClosedSequence >= 0 && layout->ExpiresUnixMilliseconds is > 0 and < MaxUnixMilliseconds
        && (State != SlotState.Closed || (layout->ClosedUnixMilliseconds is > 0 and < MaxUnixMilliseconds && Enum.IsDefined(CloseReason)))
        && !MemoryMarshal.Cast<UsageCounters, long>(new Span<UsageCounters>(ref layout->Counters)).ContainsAnyInRange(long.MinValue, -1);

    /// <summary>Datagrams of the allocation that were handled and not counted yet (<see cref="DepartureLog"/>).</summary>
    internal int Unsettled { get; set; }

    /// <summary>Its place among the totals being settled; 0 = none.</summary>
    internal int Image { get; set; }

    /// <summary>Tells the allocation from others that had, or will have, the slot.</summary>
    internal ulong Guard => guard != 0 ? guard : guard = SlotIdentity.GuardOf(Identity);

    /// <summary>Slots that hold more of its permissions and channels.</summary>
    internal IReadOnlyList<JournalSlot> Extensions => extensions ?? [];

    /// <summary>Cells for permissions and channels, those of extensions included.</summary>
    internal int CellCount => SlotLayout.Cells + (Extensions.Count * SlotLayout.ExtensionCells);

    internal SlotLayout* Layout => layout;

    internal Span<byte> Raw => new(layout, SlotLayout.Size);

    internal SlotReply Reply => new(new Span<byte>(layout->Reply, SlotLayout.ReplyRoom));

    internal Span<byte> Identity => new(layout->Identity, SlotLayout.IdentityRoom);

    /// <summary>Writes the identity anew: the client has moved, or has a newer token. A process killed in the middle leaves the old or the new one.</summary>
    public void Rewrite(SlotIdentity identity) => rewrite.Run(this, identity);

    /// <summary>Records the end. The counters are final: no packet may be counted after it.</summary>
    public void Close(AllocationCloseReason reason, DateTimeOffset at)
    {
        layout->CloseReason = (int)reason;
        layout->ClosedUnixMilliseconds = at.ToUnixTimeMilliseconds();
        State = SlotState.Closed;
    }

    /// <summary>Notes that one relayed transport address of a dual allocation was given up.</summary>
    public void Lose(IPFamily family) => Volatile.Write(ref layout->LostFamilies, layout->LostFamilies | (1 << (int)family));

    /// <returns>True when the relayed transport address of <paramref name="family"/> was given up.</returns>
    public bool HasLost(IPFamily family) => (Volatile.Read(ref layout->LostFamilies) & (1 << (int)family)) != 0;

    /// <returns>The cell of that number, 0 to <see cref="CellCount"/> − 1.</returns>
    internal ref PeerCell Cell(int number)
    {
        if (number < SlotLayout.Cells)
        {
            return ref ((PeerCell*)((byte*)layout + SlotLayout.CellsOffset))[number];
        }

        var (extension, cell) = Math.DivRem(number - SlotLayout.Cells, SlotLayout.ExtensionCells);
        return ref ((PeerCell*)((byte*)extensions![extension].Layout + SlotLayout.ExtensionHead))[cell];
    }

    internal void Extend(JournalSlot extension) => (extensions ??= []).Add(extension);

    internal List<JournalSlot> TakeExtensions()
    {
        var taken = extensions ?? [];
        extensions = null;
        return taken;
    }

    internal void Clear()
    {
        new Span<byte>(layout, SlotLayout.Size)[sizeof(int)..].Clear();
    }
}
