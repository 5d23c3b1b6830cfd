using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Callbacks;

namespace NetDiscovery.Grains.Callbacks;

/// <summary>The events of one subject that wait for their receivers, and what became of the last ones. Immutable.</summary>
[GenerateSerializer, Immutable, Alias("CallbackState")]
public sealed record CallbackState
{
    /// <summary>Sequence of the last event taken over: it and those before are known.</summary>
    [Id(0)] public long LastSequence { get; init; }

    /// <summary>In order of their sequence.</summary>
    [Id(1)] public ImmutableArray<CallbackDelivery> Deliveries { get; init; } = [];

    /// <summary>When there is something to do, as Unix time in milliseconds; null = nothing. What finds work that a dead silo left behind reads this.</summary>
    [Id(2)] public long? DueMilliseconds { get; init; }
}
