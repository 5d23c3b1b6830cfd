using System.Diagnostics.Metrics;
using NetDiscovery.Silo.Storage;

namespace NetDiscovery.Silo.Callbacks;

/// <summary>How calls of tenants' servers go, as metrics (docs/reference/metrics.md).</summary>
public sealed class CallbackMetrics
{
    private readonly Histogram<double> duration;

    /// <summary>Makes the instruments.</summary>
    public CallbackMetrics(IMeterFactory factory) => duration = factory.Create(StorageMetrics.MeterName).CreateHistogram<double>(
        "netdiscovery.callbacks.attempt.duration", "s", "Duration of an attempt to deliver an event.");

    internal void Attempted(string outcome, TimeSpan took) => duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
}
