using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Silo.Storage.Allocations;

/// <summary>The table of allocations on either engine.</summary>
public interface IAllocationStore : IAllocationIndex
{
    /// <summary>Stores a group atomically, each row against its own expected version.</summary>
    /// <param name="writes">Rows of different allocations.</param>
    /// <returns>For each row the version stored now, or null when another version was stored than expected; that row did not change.</returns>
    Task<IReadOnlyList<int?>> WriteAsync(IReadOnlyList<AllocationWrite> writes);

    /// <returns>For each id the stored version and JSON, or null.</returns>
    Task<IReadOnlyList<(int Version, string Json)?>> ReadAsync(IReadOnlyList<string> ids);

    /// <returns>False when the stored version is another.</returns>
    Task<bool> DeleteAsync(string id, int version);

    /// <returns>A page, in order of id, of allocations that nobody closed and that expired before <paramref name="before"/>.</returns>
    Task<IReadOnlyList<AllocationId>> ListExpiredAsync(DateTimeOffset before, AllocationId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Deletes allocations that were closed, or whose expiry passed without anybody closing them, before <paramref name="before"/>.</summary>
    /// <returns>Rows deleted; <paramref name="maxRows"/> when more may wait.</returns>
    Task<int> DeleteEndedAsync(DateTimeOffset before, int maxRows, CancellationToken cancellationToken);
}
