using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Callbacks;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tenants;

namespace NetDiscovery.Grains.Tests.Cluster;

/// <summary>Finds tenants among the rows of <see cref="FakeGrainStorage"/>.</summary>
public sealed class FakeTenantIndex(FakeGrainStorage storage) : ITenantIndex
{
    public Task<IReadOnlyList<Tenant>> ListAsync(TenantId? parent, TenantId? after, int limit) => Task.FromResult<IReadOnlyList<Tenant>>(
        [.. storage.All<TenantState>("tenant")
            .Select(state => state.Tenant!)
            .Where(tenant => (parent is null || tenant.Parent == parent) && (after is null || After(tenant.Id.ToString(), after.Value.ToString())))
            .OrderBy(tenant => tenant.Id.ToString(), StringComparer.Ordinal)
            .Take(limit)]);

    private static bool After(string id, string cursor) => string.CompareOrdinal(id, cursor) > 0;
}

/// <summary>Finds allocations among the rows of <see cref="FakeGrainStorage"/>.</summary>
public sealed class FakeAllocationIndex(FakeGrainStorage storage) : IAllocationIndex
{
    public Task<IReadOnlyList<Allocation>> ListLiveAsync(
        TenantId? tenant, SessionId? session, AllocationId? after, int limit, DateTimeOffset expiresAfter) => Task.FromResult<IReadOnlyList<Allocation>>(
        [.. storage.All<AllocationState>("allocation")
            .Select(state => state.Allocation!)
            .Where(allocation => allocation.ClosedAt is null && allocation.ExpiresAt > expiresAfter
                && (tenant is null || allocation.Tenant == tenant) && (session is null || allocation.Session == session)
                && (after is null || string.CompareOrdinal(allocation.Id.ToString(), after.Value.ToString()) > 0))
            .OrderBy(allocation => allocation.Id.ToString(), StringComparer.Ordinal)
            .Take(limit)]);
}

/// <summary>Finds deliveries among the rows of <see cref="FakeGrainStorage"/>, of all tenants and in no order.</summary>
public sealed class FakeCallbackIndex(FakeGrainStorage storage) : ICallbackIndex
{
    public Task<IReadOnlyList<CallbackDelivery>> ListAsync(CallbackQuery query) => Task.FromResult<IReadOnlyList<CallbackDelivery>>(
        [.. storage.All<CallbackState>("callbacks").SelectMany(state => state.Deliveries).Where(delivery => query.Status is null || delivery.Status == query.Status).Skip(query.Offset).Take(query.Limit)]);
}
