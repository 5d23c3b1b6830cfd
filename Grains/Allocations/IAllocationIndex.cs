using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Grains.Allocations;

/// <summary>Port to the store: finds live allocations among the stored <see cref="AllocationState"/>s.</summary>
/// <remarks>Reads committed rows: an allocation whose state write has returned is found by a call that starts later.</remarks>
public interface IAllocationIndex
{
    /// <param name="tenant">Only this tenant's; null for all.</param>
    /// <param name="session">Only this session's; null for any.</param>
    /// <param name="after">Only ids greater than this one; null for the first page.</param>
    /// <param name="limit">1 to 1,000.</param>
    /// <param name="expiresAfter">Leaves out allocations that expired at or before this time: their relay died for good and nobody will close them.</param>
    /// <returns>Allocations without <see cref="Allocation.ClosedAt"/>, ordered by the text form of the id (ordinal).</returns>
    Task<IReadOnlyList<Allocation>> ListLiveAsync(
        TenantId? tenant, SessionId? session, AllocationId? after, int limit, DateTimeOffset expiresAfter);
}
