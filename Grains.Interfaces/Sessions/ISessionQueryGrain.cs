using System.Collections.Immutable;

namespace NetDiscovery.Grains.Interfaces.Sessions;

/// <summary>Lists the sessions that this region owns from the store. Stateless; use key 0.</summary>
[Alias("session-query"), GrainInterfaceType("session-query")]
public interface ISessionQueryGrain : IGrainWithIntegerKey
{
    /// <returns>One page of a tenant's sessions, those made last first.</returns>
    [Alias("list")]
    Task<ImmutableArray<Session>> ListAsync(SessionQuery query);
}

/// <summary>Which sessions to list.</summary>
/// <param name="Tenant">Whose.</param>
/// <param name="State">Only those in this state; null for all.</param>
/// <param name="Offset">Sessions to skip.</param>
/// <param name="Limit">1 to 501.</param>
[GenerateSerializer, Immutable, Alias("SessionQuery")]
public sealed record SessionQuery(
    [property: Id(0)] TenantId Tenant,
    [property: Id(1)] SessionState? State,
    [property: Id(2)] int Offset,
    [property: Id(3)] int Limit);
