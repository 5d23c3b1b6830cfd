using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Relay.ControlPlane;

namespace NetDiscovery.ControlPlane.Tests.Fixtures;

/// <summary>The way to the cluster, with a switch; what the cluster says by itself goes through the same switch.</summary>
internal sealed class CutOffCluster(ICluster inner) : ICluster, IRelayObserver
{
    private IRelayObserver? observer;

    public volatile bool CutOff;

    public Task<TenantSnapshot?> GetTenantAsync(TenantId tenant) => Through(() => inner.GetTenantAsync(tenant));

    public Task<ControlBatchResult> DeliverAsync(int shard, ImmutableArray<ControlEvent> events) => Through(() => inner.DeliverAsync(shard, events));

    public Task RecordUsageAsync(TenantId tenant, ImmutableArray<UsageReport> reports) => Through(async () =>
    {
        await inner.RecordUsageAsync(tenant, reports);
        return true;
    });

    public Task<LeaseGrant> ExchangeAsync(string allowance, LeaseStatement statement) => Through(() => inner.ExchangeAsync(allowance, statement));

    public Task ObserveAsync(ImmutableArray<BindingObserved> observed) => Through(async () =>
    {
        await inner.ObserveAsync(observed);
        return true;
    });

    public Task RegisterAsync(RelayAnnouncement announcement) => Through(async () =>
    {
        await inner.RegisterAsync(announcement);
        return true;
    });

    public Task<RelayInstructions> HeartbeatAsync(RelayHeartbeat heartbeat) => Through(() => inner.HeartbeatAsync(heartbeat));

    public void Listen(IRelayObserver listener)
    {
        observer = listener;
        inner.Listen(this);
    }

    public Task NudgeAsync() => CutOff ? Task.CompletedTask : observer!.NudgeAsync();

    public Task<LeaseStatement> ReclaimAsync(string allowance, long keep) => Through(() => observer!.ReclaimAsync(allowance, keep));

    // What was under way when the way was cut is lost too: after the cut nothing is heard, not even what was asked before.
    private async Task<T> Through<T>(Func<Task<T>> call)
    {
        if (CutOff)
        {
            throw new TimeoutException("Cut off.");
        }

        var answer = await call();
        return CutOff ? throw new TimeoutException("Cut off.") : answer;
    }
}
