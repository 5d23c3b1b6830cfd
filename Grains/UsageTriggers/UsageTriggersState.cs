using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Audit;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.UsageTriggers;

/// <summary>The usage triggers of a tenant. Immutable.</summary>
[GenerateSerializer, Immutable, Alias("UsageTriggersState")]
public sealed record UsageTriggersState
{
    /// <summary>Oldest first.</summary>
    [Id(0)] public ImmutableArray<StoredUsageTrigger> Triggers { get; init; } = [];

    /// <summary>Events stored together with the firing they tell of, until the grains that deliver them have them.</summary>
    [Id(1)] public ImmutableArray<CallbackEvent> Outbox { get; init; } = [];

    /// <summary>What the last change that somebody asked for was, for the store: it copies entries that are new to it in the transaction that stores the change.</summary>
    [Id(2)] public ImmutableArray<AuditEntry> Audit { get; init; } = [];
}

/// <summary>A trigger and what it has done.</summary>
/// <param name="Trigger">The trigger.</param>
/// <param name="Fired">Numbers of the last periods it fired in, oldest first.</param>
/// <param name="EventSequence">Sequence of its last event.</param>
[GenerateSerializer, Immutable, Alias("StoredUsageTrigger")]
public sealed record StoredUsageTrigger(
    [property: Id(0)] UsageTrigger Trigger,
    [property: Id(1)] ImmutableArray<string> Fired,
    [property: Id(2)] long EventSequence);
