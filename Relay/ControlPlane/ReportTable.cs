namespace NetDiscovery.Relay.ControlPlane;

/// <summary>
/// The reports of all allocations in the journal, at the numbers of their slots. Thread-safe. Slots are taken again soonest first, so what comes and goes
/// lies close together: a hash table spreads it over memory, each place of which a collection of garbage has to look at.
/// </summary>
internal sealed class ReportTable
{
    private readonly Lock gate = new();
    private AllocationReport?[] bySlot = new AllocationReport?[1024];

    /// <summary>Reports in it; any thread may read it.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a report, in place of an earlier one of the same slot.</summary>
    public void Add(AllocationReport report)
    {
        lock (gate)
        {
            if (report.Slot.Index >= bySlot.Length)
            {
                Array.Resize(ref bySlot, Math.Max(report.Slot.Index + 1, bySlot.Length * 2));
            }

            ref var place = ref bySlot[report.Slot.Index];
            Count += place is null ? 1 : 0;
            place = report;
        }
    }

    /// <summary>Removes a report.</summary>
    /// <returns>False when it was removed before.</returns>
    public bool TryRemove(AllocationReport report)
    {
        lock (gate)
        {
            ref var place = ref bySlot[report.Slot.Index];
            if (place != report)
            {
                return false;
            }

            place = null;
            Count--;
            return true;
        }
    }

    /// <summary>All reports; without the lock, so one that comes or goes meanwhile may be among them or not.</summary>
    public IEnumerable<AllocationReport> All()
    {
        var all = Volatile.Read(ref bySlot);
        for (var index = 0; index < all.Length; index++)
        {
            if (Volatile.Read(ref all[index]) is { } report)
            {
                yield return report;
            }
        }
    }
}
