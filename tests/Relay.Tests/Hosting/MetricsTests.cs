using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.TestKit;

namespace NetDiscovery.Relay.Tests.Hosting;

public sealed class MetricsTests
{
    [Fact]
    public void Every_instrument_measures_and_is_listed_in_the_reference()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var metrics = new RelayMetrics(services.GetRequiredService<IMeterFactory>());
        metrics.Observe(() => 1, () => 2, () => 3, () => 4, () => 5, () => 6);
        metrics.Observe(() => 7, () => 8);
        metrics.Observe(new NetDiscovery.Relay.PeerConnections.PeerConnectionRegistry(1));
        using var folder = new TempFolder();
        var options = new RelayOptions { Id = "relay-1", ListenAddresses = ["127.0.0.1"], DataPath = folder.Path };
        using var secure = new SecureTransports(options, ListenAddress.Resolve(options), TimeProvider.System, NullLoggerFactory.Instance);
        metrics.Observe(secure, () => (1, 2, 3));
        metrics.Observe(new BindingObservations(new FakeCluster(), [], new ControlPlanePacing(), TimeProvider.System, NullLogger<BindingObservations>.Instance));
        var seen = new Dictionary<string, (string? Unit, string Tags)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == RelayMetrics.MeterName && instrument.Meter.Scope == services.GetRequiredService<IMeterFactory>())
                {
                    seen[instrument.Name] = (instrument.Unit, "not measured");
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Seen(instrument, tags));
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Seen(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Seen(instrument, tags));
        listener.Start();
        metrics.AllocationOpened(Transport.Udp);
        metrics.AllocationClosed(Transport.Tls, AllocationCloseReason.Cut);
        metrics.Replied(Transport.Tcp, StunMethod.Allocate, 401);
        metrics.Dropped(DropReason.NoChannel);
        metrics.ConnectionRefused("connections");
        listener.RecordObservableInstruments();

        var reference = File.ReadAllText(Path.Combine(Root(), "docs", "reference", "metrics.md"));
        foreach (var (name, (unit, tags)) in seen)
        {
            Assert.Contains($"| `{name}` | `{unit}` | {tags}", reference, StringComparison.Ordinal);
        }

        Assert.Equal(seen.Count, reference.Split('\n').Count(line => line.StartsWith("| `netdiscovery.relay.", StringComparison.Ordinal)));

        void Seen(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var names = new List<string>();
            foreach (var tag in tags)
            {
                names.Add($"`{tag.Key}`");
            }

            seen[instrument.Name] = (instrument.Unit, string.Join(", ", names) + (names.Count > 0 ? " |" : "|"));
        }
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}
