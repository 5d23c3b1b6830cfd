using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Grains.Sessions;

/// <summary>What is stored of one session. Immutable.</summary>
[GenerateSerializer, Immutable, Alias("StoredSession")]
public sealed record StoredSession
{
    /// <summary>The session; null = none of this id.</summary>
    [Id(0)] public Session? Session { get; init; }

    /// <summary>The request it was made by: a repeated one gets the same answer, another one none.</summary>
    [Id(1)] public CreateSession? Request { get; init; }

    /// <summary>Every step, oldest first; at most <see cref="SessionSteps.MaxTimeline"/>.</summary>
    [Id(2)] public ImmutableArray<TimelineEntry> Timeline { get; init; } = [];
}
