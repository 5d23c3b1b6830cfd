using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Relay.ControlPlane;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>A cluster that answers at once, from memory. It confirms every event, so that the journal empties.</summary>
internal sealed class FuzzCluster : ICluster
{
    private readonly Dictionary<TenantId, TenantSnapshot> tenants = [];
    private long asked;

    /// <summary>Questions for tenants so far.</summary>
    public long Asked => Volatile.Read(ref asked);

    /// <summary>Changes a tenant; its version must have grown.</summary>
    public void Put(TenantSnapshot snapshot)
    {
        lock (tenants)
        {
            tenants[snapshot.Id] = snapshot;
        }
    }

    public Task<TenantSnapshot?> GetTenantAsync(TenantId tenant)
    {
        Interlocked.Increment(ref asked);
        lock (tenants)
        {
            return Task.FromResult(tenants.GetValueOrDefault(tenant));
        }
    }

    public Task<ControlBatchResult> DeliverAsync(int shard, ImmutableArray<ControlEvent> events) => Task.FromResult(new ControlBatchResult([]));

    public Task RecordUsageAsync(TenantId tenant, ImmutableArray<UsageReport> reports) => Task.CompletedTask;

    public Task<LeaseGrant> ExchangeAsync(string allowance, LeaseStatement statement)
    {
        var held = Math.Max(statement.Held, Math.Min(statement.Needed, statement.Limit.Amount - statement.Spent));
        return Task.FromResult(new LeaseGrant(statement.Sequence, held, held < statement.Needed));
    }

    public void Listen(IRelayObserver observer)
    {
    }

    public Task ObserveAsync(ImmutableArray<BindingObserved> observed) => Task.CompletedTask;

    public Task RegisterAsync(RelayAnnouncement announcement) => Task.CompletedTask;

    public Task<RelayInstructions> HeartbeatAsync(RelayHeartbeat heartbeat) => Task.FromResult(new RelayInstructions(false, []));
}
