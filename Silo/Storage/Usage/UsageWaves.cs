using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>
/// Orders a batch so that each step holds a source at most once: of several reports of a source in one hour only the newest counts (totals are
/// running), and reports of different hours go into steps one after the other, so that each hour gets its own difference.
/// </summary>
internal static class UsageWaves
{
    /// <summary>How far ahead a relay's clock may be; beyond that its reports count as made now, or they would be booked to hours that never seal.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <param name="reports">The batch.</param>
    /// <param name="now">The silo's clock.</param>
    /// <returns>Steps in order; usually one. Each is sorted by source, the order in which rows are locked.</returns>
    public static IReadOnlyList<IReadOnlyList<UsageReport>> Split(IEnumerable<UsageReport> reports, DateTimeOffset now)
    {
        var latest = now + ClockTolerance;
        var waves = new List<List<UsageReport>>();
        foreach (var source in reports.GroupBy(report => report.SourceId))
        {
            var hours = source
                .Select(report => report.ObservedAt > latest ? report with { ObservedAt = now } : report)
                .GroupBy(report => StorageTime.Hour(report.ObservedAt))
                .Select(hour => hour.MaxBy(report => report.Sequence)!)
                .OrderBy(report => report.Sequence);
            var step = 0;
            foreach (var report in hours)
            {
                if (step == waves.Count)
                {
                    waves.Add([]);
                }

                waves[step++].Add(report);
            }
        }

        foreach (var wave in waves)
        {
            wave.Sort((left, right) => left.SourceId.CompareTo(right.SourceId));
        }

        return waves;
    }
}
