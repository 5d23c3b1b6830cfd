using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Sessions;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Sessions;

/// <inheritdoc cref="ISessionQueryGrain"/>
[GrainType("session-query"), StatelessWorker, Reentrant]
public sealed class SessionQueryGrain(ISessionIndex index) : Grain, ISessionQueryGrain
{
    public async Task<ImmutableArray<Session>> ListAsync(SessionQuery query) =>
        [.. await index.ListAsync(query with { Offset = Math.Max(0, query.Offset), Limit = Math.Clamp(query.Limit, 1, 501) })];
}
