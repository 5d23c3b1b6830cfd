using NetDiscovery.Grains.Interfaces.Audit;

namespace NetDiscovery.Grains.Audit;

/// <summary>Port to the store: finds changes of accounts, which the store itself takes out of the states they were written with.</summary>
public interface IAuditIndex
{
    /// <returns>One page, newest first.</returns>
    Task<IReadOnlyList<AuditRow>> ListAsync(AuditQuery query);
}
