using System.Collections.Concurrent;
using NetDiscovery.Grains.Allocations;

namespace NetDiscovery.Grains.Tests.Cluster;

/// <summary>Counts batches of control events as their shard's grain begins on them, in the turn in which it does.</summary>
public sealed class BegunBatches : IIncomingGrainCallFilter
{
    private readonly ConcurrentDictionary<string, int> ofRelay = [];

    /// <returns>How many batches of a relay were begun.</returns>
    public int Of(string relayId) => ofRelay.GetValueOrDefault(relayId);

    /// <inheritdoc/>
    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.Grain is ControlEventGrain && context.MethodName == nameof(ControlEventGrain.DeliverAsync) && context.Request.GetArgument(0) is string relayId)
            ofRelay.AddOrUpdate(relayId, 1, (_, begun) => begun + 1);
        return context.Invoke();
    }
}
