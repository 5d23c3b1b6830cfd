using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Callbacks;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Callbacks;

/// <inheritdoc cref="ICallbackQueryGrain"/>
[GrainType("callback-query"), StatelessWorker, Reentrant]
public sealed class CallbackQueryGrain(ICallbackIndex index) : Grain, ICallbackQueryGrain
{
    public async Task<ImmutableArray<CallbackDelivery>> ListAsync(CallbackQuery query) =>
        [.. await index.ListAsync(query with { Offset = Math.Max(0, query.Offset), Limit = Math.Clamp(query.Limit, 1, 501) })];
}
