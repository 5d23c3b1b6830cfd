using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>What the gateway mints tokens from, at most one second old: one grain call a second for each busy tenant.</summary>
public sealed class TenantSnapshots(IGrainFactory grains, TimeProvider time)
{
    private const int MaxRemembered = 10_000;
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(1);

    private readonly ShortCache<TenantId, TenantSnapshot?> snapshots = new(
        Remembered, MaxRemembered, time, id => grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(id)).GetSnapshotAsync(null), static snapshot => snapshot is not null);

    /// <returns>The tenant's snapshot, or null when there is no such tenant.</returns>
    public Task<TenantSnapshot?> GetAsync(TenantId id) => snapshots.GetAsync(id);

    /// <summary>Forgets a tenant that this gateway has just changed.</summary>
    public void Forget(TenantId id) => snapshots.Forget(id);

    /// <summary>Forgets all: a changed status reaches sub-accounts, which are not known here.</summary>
    public void ForgetAll() => snapshots.ForgetWhere(static _ => true);
}
