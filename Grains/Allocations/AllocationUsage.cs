using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.Allocations;

/// <summary>What an allocation owes the ledger.</summary>
internal static class AllocationUsage
{
    /// <returns>True for events after which the ledger must know the allocation's totals.</returns>
    public static bool IsBilled(ControlEvent happened) => happened is AllocationOpened or UsageObserved or AllocationClosed;

    /// <summary>The report of an allocation's totals at its last event.</summary>
    public static UsageReport Report(Allocation allocation, DateTimeOffset at) => new(
        allocation.Id.Value,
        allocation.Sequence,
        new UsageKeys(
            allocation.Tenant,
            allocation.Session?.ToString() ?? "",
            allocation.Label,
            allocation.Region,
            allocation.RelayId,
            allocation.FiveTuple.Transport.Name()),
        allocation.Totals,
        at);

    /// <summary>Adds a report; one of the same hour and keys takes the place of the one before, whose totals it includes.</summary>
    public static void AddTo(List<UsageReport> reports, UsageReport report)
    {
        if (reports.Count > 0 && reports[^1].Keys == report.Keys && Hour(reports[^1].ObservedAt) == Hour(report.ObservedAt))
            reports[^1] = report;
        else
            reports.Add(report);
    }

    private static long Hour(DateTimeOffset at) => at.UtcTicks / TimeSpan.TicksPerHour;
}
