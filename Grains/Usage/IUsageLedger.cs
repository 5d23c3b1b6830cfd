using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.Usage;

/// <summary>Port to the store: the ledger that bills are made from.</summary>
public interface IUsageLedger
{
    /// <summary>
    /// Books the difference between each report's totals and the last totals of its source to the hour of <see cref="UsageReport.ObservedAt"/>.
    /// Atomic: when it throws, none of the reports counts; the caller sends the same again.
    /// </summary>
    /// <param name="reports">
    /// At most 1,000, sources mixed; a source may occur several times, always with growing <see cref="UsageReport.Sequence"/>.
    /// A report whose sequence is not higher than the last one booked for its source changes nothing.
    /// </param>
    Task ApplyAsync(IReadOnlyList<UsageReport> reports);

    /// <returns>One page of sums.</returns>
    Task<UsagePage> QueryAsync(UsageQuery query);

    /// <param name="tenant">Only this tenant's; null for all.</param>
    /// <param name="after">Only rows whose cursor is greater; 0 for the first.</param>
    /// <param name="limit">1 to 10,000.</param>
    /// <returns>Sealed ledger rows in order of cursor; the same rows on every read.</returns>
    Task<IReadOnlyList<LedgerRow>> ExportAsync(TenantId? tenant, long after, int limit);
}
