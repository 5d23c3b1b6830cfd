using System.Buffers.Binary;
using System.Runtime.InteropServices;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>
/// A permission or a channel as it lies in the journal: 32 bytes. The check is written last and covers the allocation too, so that neither
/// half a cell nor one of an allocation that had the slot before is ever believed. A check of 0 means an empty cell.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct PeerCell
{
    public const int Size = 32;

    [FieldOffset(0)] private uint check;
    [FieldOffset(4)] private ushort number;
    [FieldOffset(6)] private ushort port;
    [FieldOffset(8)] private long deadline;
    [FieldOffset(16)] private ulong high;
    [FieldOffset(24)] private ulong low;

    /// <summary>True when nothing is in it.</summary>
    public readonly bool IsEmpty => check == 0;

    /// <summary>Fills the cell, which is empty.</summary>
    public void Write(in KeptPeer kept, AllocationId allocation)
    {
        var address = AddressBlock.ValueOf(kept.Peer);
        number = kept.Number;
        port = kept.Peer.Port;
        deadline = kept.Deadline;
        high = (ulong)(address >> 64);
        low = (ulong)address;
        Volatile.Write(ref check, Expected(allocation));
    }

    /// <summary>Empties the cell.</summary>
    public void Clear() => Volatile.Write(ref check, 0);

    /// <returns>False when the cell is empty, torn, or another allocation's.</returns>
    public readonly bool TryRead(AllocationId allocation, out KeptPeer kept)
    {
        kept = default;
        if (IsEmpty || check != Expected(allocation))
        {
            return false;
        }

        // IPv4 is kept as IPv4-mapped IPv6, which itself never is a peer.
        var peer = TransportAddress.FromIPv6(high, low, port).Unmapped();
        kept = new KeptPeer(number, peer, deadline);
        return true;
    }

    private readonly uint Expected(AllocationId allocation)
    {
        Span<byte> fields = stackalloc byte[Size - 4], id = stackalloc byte[16];
        BinaryPrimitives.WriteUInt16LittleEndian(fields, number);
        BinaryPrimitives.WriteUInt16LittleEndian(fields[2..], port);
        BinaryPrimitives.WriteInt64LittleEndian(fields[4..], deadline);
        BinaryPrimitives.WriteUInt64LittleEndian(fields[12..], high);
        BinaryPrimitives.WriteUInt64LittleEndian(fields[20..], low);
        allocation.Value.TryWriteBytes(id);
        return Math.Max(1, Checksum.Of(fields, id));
    }
}

/// <summary>What a cell says.</summary>
/// <param name="Number">Channel number; 0 = a permission.</param>
/// <param name="Peer">The peer; port 0 for a permission.</param>
/// <param name="Deadline">When it ends, in <see cref="JournalClock"/> milliseconds.</param>
internal readonly record struct KeptPeer(ushort Number, TransportAddress Peer, long Deadline);
