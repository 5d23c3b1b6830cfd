using System.Diagnostics.Metrics;

namespace NetDiscovery.Silo.Tests.Storage;

/// <summary>The sum an instrument has measured since this was made.</summary>
internal sealed class MetricCount : IDisposable
{
    private readonly MeterListener listener = new();
    private long total;

    public MetricCount(IMeterFactory factory, string instrument)
    {
        listener.InstrumentPublished = (published, self) =>
        {
            if (published.Name == instrument && ReferenceEquals(published.Meter.Scope, factory))
            {
                self.EnableMeasurementEvents(published);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref total, value));
        listener.Start();
    }

    public long Total => Interlocked.Read(ref total);

    public void Dispose() => listener.Dispose();
}
