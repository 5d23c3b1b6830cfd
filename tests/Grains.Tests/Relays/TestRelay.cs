using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Tests.Cluster;

namespace NetDiscovery.Grains.Tests.Relays;

/// <summary>A relay as its grain sees it: registers, sends heartbeats, confirms commands.</summary>
internal sealed class TestRelay(GrainCluster cluster, string id, string region)
{
    public string Id => id;

    public string Region => region;

    public Guid Incarnation { get; private set; } = Guid.NewGuid();

    public bool Draining { get; set; }

    public long CommandsDone { get; set; }

    public IRelayGrain Grain => cluster.Grain<IRelayGrain>(GrainKeys.Relay(id));

    public IRelayDirectoryGrain Directory => cluster.Grain<IRelayDirectoryGrain>(GrainKeys.RelayDirectory(region));

    public Task RegisterAsync() => Grain.RegisterAsync(new RelayAnnouncement(
        id, region, Incarnation, [new RelayListener(Transport.Udp, "192.0.2.1", 3478)], ["192.0.2.1"], 16_384, "0.1.0"));

    public Task<RelayInstructions> BeatAsync(int allocations = 0) =>
        Grain.HeartbeatAsync(new RelayHeartbeat(Incarnation, allocations, 0, Draining, CommandsDone));

    /// <summary>The process ends and another one takes its place; it has done nothing yet.</summary>
    public void Restart() => (Incarnation, CommandsDone, Draining) = (Guid.NewGuid(), 0, false);
}

internal static class TestRelays
{
    public static async Task<TestRelay> NewRelayAsync(this GrainCluster cluster, string? region = null)
    {
        var relay = new TestRelay(cluster, $"relay-{Guid.NewGuid():N}", region ?? $"region-{Guid.NewGuid():N}"[..20]);
        await relay.RegisterAsync();
        return relay;
    }
}
