using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Tenants;

/// <summary>Port to the store: finds tenants among the stored <see cref="TenantState"/>s.</summary>
/// <remarks>Reads committed rows: a tenant whose state write has returned is found by a call that starts later.</remarks>
public interface ITenantIndex
{
    /// <param name="parent">Only tenants whose <see cref="Tenant.Parent"/> is this one; null for all.</param>
    /// <param name="after">Only ids greater than this one; null for the first page.</param>
    /// <param name="limit">1 to 1,000.</param>
    /// <returns><see cref="TenantState.Tenant"/> of each, ordered by the text form of the id (ordinal).</returns>
    Task<IReadOnlyList<Tenant>> ListAsync(TenantId? parent, TenantId? after, int limit);
}
