using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Grains.Sessions;

/// <summary>Port to the store: finds sessions among the stored <see cref="StoredSession"/>s.</summary>
/// <remarks>Reads committed rows: a session whose making was answered is found by a call that starts later.</remarks>
public interface ISessionIndex
{
    /// <returns>One page of a tenant's sessions, those made last first.</returns>
    Task<IReadOnlyList<Session>> ListAsync(SessionQuery query);
}
