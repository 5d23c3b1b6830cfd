using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Allowances;

namespace NetDiscovery.Grains.Allowances;

/// <summary>What is leased of one allowance, and to whom. Stored before it is granted, so it is never less than what relays may use.</summary>
[GenerateSerializer, Immutable, Alias("AllowanceState")]
public sealed record AllowanceState
{
    /// <summary>By relay id.</summary>
    [Id(0)] public ImmutableSortedDictionary<string, AllowanceHolder> Holders { get; init; } = ImmutableSortedDictionary<string, AllowanceHolder>.Empty;

    /// <summary>The limit of the newest tenant snapshot heard of.</summary>
    [Id(1)] public LeaseLimit? Limit { get; init; }

    /// <summary>Budgets: used up by relay processes that are gone.</summary>
    [Id(2)] public long Retired { get; init; }

    /// <summary>Budgets: when the limit was reached.</summary>
    [Id(3)] public DateTimeOffset? ReachedAt { get; init; }

    /// <summary>Outside of the control region: what this region may use of the limit, used up included; null where the limit is whole.</summary>
    [Id(4)] public long? Share { get; init; }

    /// <summary>Sequence of the last statement to the home.</summary>
    [Id(5)] public long ShareSequence { get; init; }
}

/// <summary>One relay's lease.</summary>
/// <param name="Incarnation">The relay process that holds it.</param>
/// <param name="Sequence">Its last statement.</param>
/// <param name="Held">Granted and not given back or spent.</param>
/// <param name="Spent">Budgets: used up by this process.</param>
/// <param name="Needed">As it last said.</param>
[GenerateSerializer, Immutable, Alias("AllowanceHolder")]
public sealed record AllowanceHolder(
    [property: Id(0)] Guid Incarnation,
    [property: Id(1)] long Sequence,
    [property: Id(2)] long Held,
    [property: Id(3)] long Spent,
    [property: Id(4)] long Needed);
