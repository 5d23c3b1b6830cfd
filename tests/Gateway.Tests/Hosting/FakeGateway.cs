using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Relays;

namespace NetDiscovery.Gateway.Tests.Hosting;

/// <summary>A gateway on a fake cluster with one relay, shared by the tests of a class; each test makes its own tenants.</summary>
public sealed class FakeGateway : IAsyncLifetime
{
    public FakeCluster Cluster { get; } = new();

    public TestGateway Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Cluster.Relays.Add(Relay("relay-1"));
        Gateway = await StartAsync(Cluster);
    }

    public static Task<TestGateway> StartAsync(FakeCluster cluster, Dictionary<string, string?>? settings = null) =>
        TestGateway.StartAsync(builder => builder.Services.AddSingleton<IGrainFactory>(cluster), settings);

    public static RelayStatus Relay(
        string id, bool healthy = true, bool draining = false, int allocations = 0, ImmutableArray<RelayListener>? listeners = null) => new(
        new RelayAnnouncement(
            id, "local", Guid.NewGuid(),
            listeners ??
            [
                new RelayListener(Transport.Udp, "192.0.2.1", 3478), new RelayListener(Transport.Tcp, "192.0.2.1", 3478),
                new RelayListener(Transport.Tls, "relay.example", 5349), new RelayListener(Transport.Dtls, "relay.example", 5349),
            ],
            ["192.0.2.1"], 1000, "0.1.0"),
        DateTimeOffset.UnixEpoch, healthy, draining, allocations, 0);

    public async ValueTask DisposeAsync() => await Gateway.DisposeAsync();
}
