using NetDiscovery.Relay.Kernel.Bpf;

namespace NetDiscovery.Relay.Kernel.Forwarding;

/// <summary>Brings what a process that was killed had not settled into its owners' totals.</summary>
internal static unsafe class FlowTableRecovery
{
    /// <summary>Finds an owner's totals.</summary>
    /// <returns>Empty when nobody knows the owner.</returns>
    public delegate Span<long> TotalsOf(Guid owner);

    /// <summary>Settles everything in the flow table pinned at <paramref name="path"/> and removes the pin. Nothing happens when there is none.</summary>
    /// <returns>Datagrams that were settled, and flows whose owner is unknown.</returns>
    /// <exception cref="BpfException">The table may not be opened.</exception>
    public static (long Datagrams, int Unknown) Run(string path, TotalsOf find)
    {
        using var map = BpfMap.OpenPinned(path);
        if (map is null)
        {
            return default;
        }

        long datagrams = 0;
        var unknown = 0;
        using var table = new MappedArray(map);
        for (var number = 0; table.ValueSize == FlowLayout.Size && number < table.Capacity; number++)
        {
            var flow = (FlowLayout*)table.At(number);
            if (flow->InUse == 0)
            {
                continue;
            }

            // Should the process still be dying, its program stops here.
            FlowSettlement.Close(flow);
            var totals = find(flow->Owner);
            if (totals.IsEmpty)
            {
                unknown++;
                continue;
            }

            FlowSettlement.FinishPending(flow, totals);
            datagrams += FlowSettlement.Settle(flow, totals).Datagrams;
            Volatile.Write(ref flow->InUse, 0);
        }

        File.Delete(path);
        return (datagrams, unknown);
    }
}
