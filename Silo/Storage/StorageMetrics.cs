using System.Diagnostics.Metrics;

namespace NetDiscovery.Silo.Storage;

/// <summary>What the store does, as metrics (docs/reference/metrics.md).</summary>
public sealed class StorageMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "NetDiscovery.Silo";

    private readonly Histogram<double> commitDuration;
    private readonly Counter<long> commitRows;
    private readonly Counter<long> failedRows;
    private readonly Counter<long> refusedRows;
    private readonly Counter<long> anomalies;
    private readonly Counter<long> sealedRows;
    private readonly Counter<long> deletedRows;

    /// <summary>Makes the instruments.</summary>
    public StorageMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        commitDuration = meter.CreateHistogram<double>("netdiscovery.storage.commit.duration", "s", "Duration of a group commit that succeeded.");
        commitRows = meter.CreateCounter<long>("netdiscovery.storage.commit.rows", "{row}", "Rows stored by group commits.");
        failedRows = meter.CreateCounter<long>("netdiscovery.storage.commit.failed_rows", "{row}", "Rows whose group commit failed; the callers send them again.");
        refusedRows = meter.CreateCounter<long>("netdiscovery.storage.commit.refused_rows", "{row}", "Rows refused because too many waited.");
        anomalies = meter.CreateCounter<long>("netdiscovery.usage.anomalies", "{report}", "Usage reports that contradict earlier ones, or are too old to be told from a repetition; none is expected.");
        sealedRows = meter.CreateCounter<long>("netdiscovery.usage.sealed_rows", "{row}", "Ledger rows sealed.");
        deletedRows = meter.CreateCounter<long>("netdiscovery.storage.deleted_rows", "{row}", "Rows deleted after their retention.");
    }

    internal void Committed(string store, int rows, TimeSpan duration)
    {
        var tag = new KeyValuePair<string, object?>("store", store);
        commitDuration.Record(duration.TotalSeconds, tag);
        commitRows.Add(rows, tag);
    }

    internal void Failed(string store, int rows) => failedRows.Add(rows, new KeyValuePair<string, object?>("store", store));

    internal void Refused(string store, int rows) => refusedRows.Add(rows, new KeyValuePair<string, object?>("store", store));

    internal void Anomaly(string kind, int reports) => anomalies.Add(reports, new KeyValuePair<string, object?>("kind", kind));

    internal void Sealed(int rows) => sealedRows.Add(rows);

    internal void Deleted(string store, int rows) => deletedRows.Add(rows, new KeyValuePair<string, object?>("store", store));
}
