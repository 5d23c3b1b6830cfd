using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Relays;

namespace NetDiscovery.Grains.Relays;

/// <summary>What is stored of one relay. Immutable.</summary>
[GenerateSerializer, Immutable, Alias("RelayState")]
public sealed record RelayState
{
    /// <summary>The last registration; null = never registered.</summary>
    [Id(0)] public RelayAnnouncement? Announcement { get; init; }

    /// <summary>When that was.</summary>
    [Id(1)] public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>True while operators want the relay to take no new allocations; outlives restarts of relay and silo.</summary>
    [Id(2)] public bool Draining { get; init; }

    /// <summary>Commands not yet confirmed, in order of sequence.</summary>
    [Id(3)] public ImmutableArray<SequencedCommand> Commands { get; init; } = [];

    /// <summary>The highest sequence given so far.</summary>
    [Id(4)] public long LastSequence { get; init; }
}
