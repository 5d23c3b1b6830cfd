using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>
/// Permissions and channels of one allocation in the journal: the cells of its slot, and of further slots when those are full. A changed entry is
/// written into a free cell before its old one is emptied, so that a kill at any moment leaves the old or the new, never neither.
/// Belongs to the allocation's worker.
/// </summary>
internal sealed unsafe class SlotPeers(AllocationJournal journal, JournalSlot slot, AllocationId allocation)
{
    private int used;

    /// <summary>Makes room for <paramref name="count"/> more entries.</summary>
    /// <returns>False when the journal is full: nothing that would not survive is promised to a client.</returns>
    public bool TryReserve(int count)
    {
        while (slot.CellCount - used < count + 1)
        {
            if (!journal.TryExtend(slot, allocation))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes an entry; there is room (<see cref="TryReserve"/>).</summary>
    /// <param name="number">Channel number; 0 = a permission.</param>
    /// <param name="peer">The peer.</param>
    /// <param name="milliseconds">Until it ends.</param>
    /// <param name="before">The cell of the entry it replaces; −1 = none.</param>
    /// <returns>Its cell; −1 when there was no room after all.</returns>
    public int Put(ushort number, in TransportAddress peer, long milliseconds, int before)
    {
        for (var i = 0; i < slot.CellCount; i++)
        {
            ref var cell = ref slot.Cell(i);
            if (cell.IsEmpty)
            {
                cell.Write(new KeptPeer(number, peer, journal.Clock.Now + milliseconds), allocation);
                used++;
                Remove(before);
                return i;
            }
        }

        return before;
    }

    /// <summary>Forgets an entry; −1 is none.</summary>
    public void Remove(int cell)
    {
        if (cell >= 0 && !slot.Cell(cell).IsEmpty)
        {
            slot.Cell(cell).Clear();
            used--;
        }
    }

    /// <summary>Reads what an earlier process left. Torn entries are emptied; of an entry that is there twice the one that lasts longer stays.</summary>
    public IReadOnlyList<(int Cell, KeptPeer Kept)> ReadAll()
    {
        var all = new Dictionary<(ushort, TransportAddress), (int Cell, KeptPeer Kept)>();
        used = 0;
        for (var i = 0; i < slot.CellCount; i++)
        {
            ref var cell = ref slot.Cell(i);
            if (cell.IsEmpty)
            {
                continue;
            }

            used++;
            if (!cell.TryRead(allocation, out var kept))
            {
                Remove(i);
            }
            else if (!all.TryGetValue((kept.Number, kept.Peer), out var other))
            {
                all[(kept.Number, kept.Peer)] = (i, kept);
            }
            else
            {
                var stays = kept.Deadline > other.Kept.Deadline;
                Remove(stays ? other.Cell : i);
                all[(kept.Number, kept.Peer)] = stays ? (i, kept) : other;
            }
        }

        return [.. all.Values];
    }
}
