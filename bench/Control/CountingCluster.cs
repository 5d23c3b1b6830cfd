using System.Collections.Immutable;
using System.Diagnostics;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Relay.ControlPlane;

namespace NetDiscovery.Control.Bench;

/// <summary>The cluster, and how much of what it was told it has confirmed.</summary>
internal sealed class CountingCluster(ICluster cluster) : ICluster
{
    private readonly Lock gate = new();
    private readonly List<double> milliseconds = [];
    private long events;
    private long closed;
    private long failures;

    /// <summary>Control events confirmed.</summary>
    public long Events => Volatile.Read(ref events);

    /// <summary>Ends of allocations confirmed.</summary>
    public long Closed => Volatile.Read(ref closed);

    /// <summary>Batches that were not confirmed.</summary>
    public long Failures => Volatile.Read(ref failures);

    /// <summary>Takes the times that batches needed since the last time, in order of size.</summary>
    public double[] TakeTimes()
    {
        lock (gate)
        {
            double[] all = [.. milliseconds.Order()];
            milliseconds.Clear();
            return all;
        }
    }

    public async Task<ControlBatchResult> DeliverAsync(int shard, ImmutableArray<ControlEvent> batch)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            var result = await cluster.DeliverAsync(shard, batch);
            Interlocked.Add(ref events, batch.Length);
            Interlocked.Add(ref closed, batch.Count(happened => happened is AllocationClosed));
            lock (gate)
            {
                milliseconds.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            return result;
        }
        catch
        {
            Interlocked.Increment(ref failures);
            throw;
        }
    }

    public Task<TenantSnapshot?> GetTenantAsync(TenantId tenant) => cluster.GetTenantAsync(tenant);

    public Task RecordUsageAsync(TenantId tenant, ImmutableArray<UsageReport> reports) => cluster.RecordUsageAsync(tenant, reports);

    public Task ObserveAsync(ImmutableArray<BindingObserved> observed) => cluster.ObserveAsync(observed);

    public Task RegisterAsync(RelayAnnouncement announcement) => cluster.RegisterAsync(announcement);

    public Task<LeaseGrant> ExchangeAsync(string allowance, LeaseStatement statement) => cluster.ExchangeAsync(allowance, statement);

    public void Listen(IRelayObserver observer) => cluster.Listen(observer);

    public Task<RelayInstructions> HeartbeatAsync(RelayHeartbeat heartbeat) => cluster.HeartbeatAsync(heartbeat);
}
