using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Callbacks;
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

    /// <summary>What is known of each endpoint's connections, by name.</summary>
    [Id(3)] public ImmutableSortedDictionary<string, EndpointLink> Links { get; init; } = ImmutableSortedDictionary<string, EndpointLink>.Empty;

    /// <summary>When the direct path is tried again after it broke; null = not at all.</summary>
    [Id(4)] public DateTimeOffset? NextTrial { get; init; }

    /// <summary>How often it was tried in vain since it last worked.</summary>
    [Id(5)] public int VainTrials { get; init; }

    /// <summary>When endpoints were last asked to move to another path.</summary>
    [Id(6)] public DateTimeOffset? MigratedAt { get; init; }

    /// <summary>How often endpoints were asked to move since media last flowed between all of them for <see cref="SessionHealing.HealedAfter"/>.</summary>
    [Id(7)] public int VainMoves { get; init; }

    /// <summary>Sequence of the last event.</summary>
    [Id(8)] public long EventSequence { get; init; }

    /// <summary>Events stored together with the step they tell of, until the grain that delivers them has them.</summary>
    [Id(9)] public ImmutableArray<CallbackEvent> Outbox { get; init; } = [];

    /// <summary>Since when <see cref="Outbox"/> holds something, as Unix time in milliseconds; null = it is empty. What finds work that a dead silo left behind reads this.</summary>
    [Id(10)] public long? DueMilliseconds { get; init; }

    /// <summary>Since when the session has been in its state; null = since before this was noted.</summary>
    [Id(11)] public DateTimeOffset? StateSince { get; init; }

    /// <returns>The connections of an endpoint.</returns>
    public EndpointLink Link(string endpoint) => Links.GetValueOrDefault(endpoint, EndpointLink.Unknown);
}

/// <summary>What is known of one endpoint's connections.</summary>
/// <param name="Present">True while it is at its signaling connection.</param>
/// <param name="Connectivity">How its connection to the others is, as it says.</param>
/// <param name="Path">What carries its media, as it says.</param>
/// <param name="Left">True when it said goodbye.</param>
[GenerateSerializer, Immutable, Alias("EndpointLink")]
public sealed record EndpointLink(
    [property: Id(0)] bool Present,
    [property: Id(1)] Connectivity Connectivity,
    [property: Id(2)] SessionPath? Path,
    [property: Id(3)] bool Left)
{
    /// <summary>An endpoint that never came.</summary>
    public static EndpointLink Unknown { get; } = new(false, Connectivity.New, null, false);
}
