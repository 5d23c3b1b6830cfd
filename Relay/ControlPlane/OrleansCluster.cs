using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>The cluster behind Orleans grains.</summary>
internal sealed class OrleansCluster(IGrainFactory grains, RelayIdentity relay) : ICluster
{
    private readonly BatchGatherer gatherer = new(
        (shard, events) => grains.GetGrain<IControlEventGrain>(GrainKeys.Ingest(shard)).DeliverAsync(relay.Id, events),
        batches => grains.GetGrain<IControlBatchesGrain>(0).DeliverAsync(relay.Id, batches),
        TimeProvider.System);

    private IRelayObserver? listener;
    private IRelayObserver? reference;

    public Task<TenantSnapshot?> GetTenantAsync(TenantId tenant) =>
        grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant)).GetSnapshotAsync(relay.Id);

    public Task<ControlBatchResult> DeliverAsync(int shard, ImmutableArray<ControlEvent> events) => gatherer.DeliverAsync(shard, events);

    public Task RecordUsageAsync(TenantId tenant, ImmutableArray<UsageReport> reports) =>
        grains.GetGrain<IUsageGrain>(GrainKeys.Usage(tenant, reports[0].SourceId)).RecordAsync(reports);

    public Task ObserveAsync(ImmutableArray<BindingObserved> observed) =>
        grains.GetGrain<IControlEventGrain>(GrainKeys.Ingest(observed[0].Session)).ObserveAsync(observed);

    public Task RegisterAsync(RelayAnnouncement announcement) =>
        grains.GetGrain<IRelayGrain>(GrainKeys.Relay(relay.Id)).RegisterAsync(announcement);

    public Task<LeaseGrant> ExchangeAsync(string allowance, LeaseStatement statement) =>
        grains.GetGrain<IAllowanceGrain>(allowance).ExchangeAsync(statement);

    public void Listen(IRelayObserver observer)
    {
        // Orleans holds it weakly.
        listener = observer;
        reference = grains.CreateObjectReference<IRelayObserver>(observer);
    }

    public Task<RelayInstructions> HeartbeatAsync(RelayHeartbeat heartbeat) =>
        grains.GetGrain<IRelayGrain>(GrainKeys.Relay(relay.Id)).HeartbeatAsync(heartbeat with { Observer = reference });
}
