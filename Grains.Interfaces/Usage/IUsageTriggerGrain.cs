using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Callbacks;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Interfaces.Usage;

/// <summary>The usage triggers of a tenant: each calls a server once in its period, when usage has reached its value. Key: <see cref="GrainKeys.UsageTriggers"/>.</summary>
[Alias("usage-triggers"), GrainInterfaceType("usage-triggers")]
public interface IUsageTriggerGrain : IGrainWithStringKey
{
    /// <summary>Makes a trigger; the caller chooses the id, so repeating is safe.</summary>
    /// <returns>Null when the tenant has as many as it may have.</returns>
    [Alias("create")]
    Task<UsageTriggerReading?> CreateAsync(CreateUsageTrigger request);

    /// <summary>Changes what may be changed of a trigger; null leaves as it is.</summary>
    /// <returns>Null when there is none of this id.</returns>
    [Alias("update")]
    Task<UsageTriggerReading?> UpdateAsync(UsageTriggerId id, string? name, string? url, CallbackForm? form);

    /// <returns>False when there was none of this id.</returns>
    [Alias("remove")]
    Task<bool> RemoveAsync(UsageTriggerId id);

    /// <returns>All triggers with their usage now, oldest first.</returns>
    [Alias("list"), AlwaysInterleave]
    Task<ImmutableArray<UsageTriggerReading>> ListAsync();

    /// <summary>Compares usage with the values and fires what has been reached. Firing is stored together with the event it makes; safe to repeat.</summary>
    /// <param name="unlessWithin">Nothing is done when it was done within this time: every silo asks.</param>
    [Alias("evaluate")]
    Task EvaluateAsync(TimeSpan unlessWithin);
}

/// <summary>What makes a trigger.</summary>
/// <param name="Id">Chosen by the caller.</param>
/// <param name="Name">For people, at most 64 characters; may be empty.</param>
/// <param name="Region">Only usage in this region; null for all.</param>
/// <param name="By">What is counted.</param>
/// <param name="Recurring">The period.</param>
/// <param name="Amount">The value, or what comes on top of the usage now, as <paramref name="Base"/> says.</param>
/// <param name="Base">What <paramref name="Amount"/> is counted from.</param>
/// <param name="Url">What is called.</param>
/// <param name="Form">How.</param>
[GenerateSerializer, Immutable, Alias("CreateUsageTrigger")]
public sealed record CreateUsageTrigger(
    [property: Id(0)] UsageTriggerId Id,
    [property: Id(1)] string Name,
    [property: Id(2)] string? Region,
    [property: Id(3)] UsageMeasure By,
    [property: Id(4)] UsagePeriod Recurring,
    [property: Id(5)] decimal Amount,
    [property: Id(6)] UsageBase Base,
    [property: Id(7)] string Url,
    [property: Id(8)] CallbackForm Form);

/// <summary>A usage trigger.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Name">For people; may be empty.</param>
/// <param name="Region">Only usage in this region; null for all.</param>
/// <param name="By">What is counted.</param>
/// <param name="Recurring">The period; it fires once in each.</param>
/// <param name="Value">It fires when usage in its period is this or more.</param>
/// <param name="Url">What is called.</param>
/// <param name="Form">How.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="UpdatedAt">When it was last changed or fired.</param>
/// <param name="FiredAt">When it last fired; null = never.</param>
[GenerateSerializer, Immutable, Alias("UsageTrigger")]
public sealed record UsageTrigger(
    [property: Id(0)] UsageTriggerId Id,
    [property: Id(1)] string Name,
    [property: Id(2)] string? Region,
    [property: Id(3)] UsageMeasure By,
    [property: Id(4)] UsagePeriod Recurring,
    [property: Id(5)] decimal Value,
    [property: Id(6)] string Url,
    [property: Id(7)] CallbackForm Form,
    [property: Id(8)] DateTimeOffset CreatedAt,
    [property: Id(9)] DateTimeOffset UpdatedAt,
    [property: Id(10)] DateTimeOffset? FiredAt);

/// <summary>A trigger and the usage that it watches.</summary>
/// <param name="Trigger">The trigger.</param>
/// <param name="Current">Usage so far in the period.</param>
/// <param name="From">Start of the period.</param>
/// <param name="To">End of the period, exclusive.</param>
[GenerateSerializer, Immutable, Alias("UsageTriggerReading")]
public sealed record UsageTriggerReading(
    [property: Id(0)] UsageTrigger Trigger,
    [property: Id(1)] decimal Current,
    [property: Id(2)] DateTimeOffset From,
    [property: Id(3)] DateTimeOffset To);

/// <summary>What a trigger counts.</summary>
[GenerateSerializer, Alias("UsageMeasure")]
public enum UsageMeasure
{
    /// <summary>Megabytes of 1,000,000 that clients sent and received.</summary>
    Megabytes,

    /// <summary>Allocations.</summary>
    Allocations,
}

/// <summary>The period a trigger counts in, UTC.</summary>
[GenerateSerializer, Alias("UsagePeriod")]
public enum UsagePeriod
{
    /// <summary>All time: fires once.</summary>
    AllTime,

    /// <summary>Each calendar day.</summary>
    Daily,

    /// <summary>Each calendar month.</summary>
    Monthly,

    /// <summary>Each calendar year.</summary>
    Yearly,
}

/// <summary>What a trigger's amount is counted from.</summary>
[GenerateSerializer, Alias("UsageBase")]
public enum UsageBase
{
    /// <summary>From nothing.</summary>
    Zero,

    /// <summary>From the usage when the trigger is made.</summary>
    Current,

    /// <summary>From the usage when the trigger is made, in percent of it.</summary>
    CurrentPercent,
}
