using System.Runtime.InteropServices;
using NetDiscovery.Grains.Interfaces.Allocations;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>What a slot holds. Stored as its number: never renumber.</summary>
internal enum SlotState
{
    /// <summary>Nothing.</summary>
    Free = 0,

    /// <summary>An allocation that is being written; after a crash it counts as free, for no client was answered.</summary>
    Writing = 1,

    /// <summary>A live allocation.</summary>
    Live = 2,

    /// <summary>An ended allocation whose end the cluster has not confirmed.</summary>
    Closed = 3,
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
}

/// <summary>
/// A slot as it lies in the file: 1024 bytes, fields in the machine's byte order (a journal does not move between machines).
/// The state is written last, so that a process killed at any moment leaves a slot that is whole or does not count.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal unsafe struct SlotLayout
{
    public const int Size = 1024;
    public const int IdentityOffset = 128;
    public const int IdentityRoom = Size - IdentityOffset;

    [FieldOffset(0)] public int State;
    [FieldOffset(4)] public int CloseReason;
    [FieldOffset(8)] public long Sequence;
    [FieldOffset(16)] public long ClosedSequence;
    [FieldOffset(24)] public long ExpiresUnixMilliseconds;
    [FieldOffset(32)] public long ClosedUnixMilliseconds;
    [FieldOffset(64)] public UsageCounters Counters;
    [FieldOffset(IdentityOffset)] public fixed byte Identity[IdentityRoom];
}

/// <summary>One allocation's place in the journal. Lives as long as the journal is open.</summary>
/// <param name="layout">Mapped memory.</param>
/// <param name="index">Number of the slot in the file.</param>
internal sealed unsafe class JournalSlot(SlotLayout* layout, int index)
{
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

    /// <summary>Number of the last control event given out; written by the one sender of the allocation's shard.</summary>
    public long Sequence
    {
        get => Volatile.Read(ref layout->Sequence);
        set => Volatile.Write(ref layout->Sequence, value);
    }

    /// <summary>Number of the closing event; 0 until it was given out. Kept so that a restart sends the same again.</summary>
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

    internal Span<byte> Identity => new(layout->Identity, SlotLayout.IdentityRoom);

    /// <summary>Records the end. The counters are final: no packet may be counted after it.</summary>
    public void Close(AllocationCloseReason reason, DateTimeOffset at)
    {
        layout->CloseReason = (int)reason;
        layout->ClosedUnixMilliseconds = at.ToUnixTimeMilliseconds();
        State = SlotState.Closed;
    }

    internal void Clear()
    {
        new Span<byte>(layout, SlotLayout.Size)[sizeof(int)..].Clear();
    }
}
