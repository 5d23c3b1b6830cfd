using Microsoft.Extensions.Options;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>Keeps out what the ledger can't book exactly once, and makes known what contradicts earlier reports.</summary>
/// <param name="options">How long sources are remembered.</param>
/// <param name="metrics">Counts anomalies.</param>
/// <param name="time">The silo's clock.</param>
/// <param name="logger">Names the sources.</param>
public sealed partial class UsageAdmission(IOptions<UsageOptions> options, StorageMetrics metrics, TimeProvider time, ILogger<UsageAdmission> logger)
{
    /// <summary>Silos' clocks may differ by this much without a forgotten source being counted again.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromHours(1);

    /// <summary>The silo's clock.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <returns>Sources that reported last before this are forgotten.</returns>
    public DateTimeOffset ForgetBefore => Now - TimeSpan.FromDays(options.Value.SourceRetentionDays);

    /// <returns>The reports that are young enough to be told from repetitions, with keys that the store can hold: a report it refused would be sent for ever, and hold up its neighbours.</returns>
    public IReadOnlyList<UsageReport> Admit(IReadOnlyList<UsageReport> reports)
    {
        var oldest = ForgetBefore + ClockTolerance;
        var admitted = new List<UsageReport>(reports.Count);
        foreach (var report in reports)
        {
            if (report.ObservedAt >= oldest)
            {
                admitted.Add(UsageKeyText.IsStorable(report.Keys) ? report : report with { Keys = UsageKeyText.MakeStorable(report.Keys) });
            }
        }

        if (admitted.Count < reports.Count)
        {
            LogTooOld(logger, reports.Count - admitted.Count, oldest);
            metrics.Anomaly("too-old", reports.Count - admitted.Count);
        }

        return admitted;
    }

    /// <summary>A source reported lower totals than before. They were not booked; what it reports above the old totals will be.</summary>
    public void Fell(Guid sourceId)
    {
        LogFell(logger, sourceId);
        metrics.Anomaly("fell", 1);
    }
}
