using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>All that a relay asks of its region's cluster. Every call may fail or never end; nothing on the media path waits for one.</summary>
internal interface ICluster
{
    /// <summary>Fetches a tenant's snapshot and subscribes to its changes.</summary>
    /// <returns>Null when there is no such tenant.</returns>
    Task<TenantSnapshot?> GetTenantAsync(TenantId tenant);

    /// <summary>Delivers control events of one ingest shard; see <see cref="IControlEventGrain.DeliverAsync"/>.</summary>
    Task<ControlBatchResult> DeliverAsync(int shard, ImmutableArray<ControlEvent> events);

    /// <summary>Books running totals of sources of one tenant that share a usage grain, at most 1,000; see <see cref="IUsageGrain.RecordAsync"/>.</summary>
    Task RecordUsageAsync(TenantId tenant, ImmutableArray<UsageReport> reports);

    /// <summary>Tells of authenticated Bindings of sessions' endpoints, at most 1,000; see <see cref="IControlEventGrain.ObserveAsync"/>.</summary>
    Task ObserveAsync(ImmutableArray<BindingObserved> observed);

    /// <summary>Announces this relay.</summary>
    Task RegisterAsync(RelayAnnouncement announcement);

    /// <summary>Says what is held of an allowance and asks for more; see <see cref="IAllowanceGrain.ExchangeAsync"/>.</summary>
    /// <param name="allowance">Key of the grain.</param>
    /// <param name="statement">What is said.</param>
    Task<LeaseGrant> ExchangeAsync(string allowance, LeaseStatement statement);

    /// <summary>Names who listens to what the cluster says by itself. Called once, before the first heartbeat.</summary>
    void Listen(IRelayObserver observer);

    /// <summary>Tells that this relay is alive and asks what it must do.</summary>
    Task<RelayInstructions> HeartbeatAsync(RelayHeartbeat heartbeat);
}
