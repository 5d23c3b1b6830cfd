namespace NetDiscovery.Grains.Interfaces.Allowances;

/// <summary>
/// One limit of one tenant, shared out to relays as leases: allocations alive at once, bytes of a month, bits per second. The sum of what is
/// leased never exceeds the limit, so relays decide by themselves within their leases. Its home is in the control region; in every other region the grain of the
/// same key has a share of it, leased as relays lease theirs, and may use it up in a partition. Keys: <see cref="GrainKeys.Allowance"/> and those beside it.
/// </summary>
[Alias("allowance"), GrainInterfaceType("allowance")]
public interface IAllowanceGrain : IGrainWithStringKey
{
    /// <summary>
    /// A relay says what it holds and what it needs. Where the limit is used up, the other relays are asked to give back what they don't use
    /// before the answer. What is granted is stored before the answer; when the call throws, the relay goes on with what it said it holds.
    /// </summary>
    [Alias("exchange")]
    Task<LeaseGrant> ExchangeAsync(LeaseStatement statement);

    /// <summary>Outside of the control region: the allowance's home needs what is not used here. Relays are asked first; what is given back is stored before the answer.</summary>
    /// <param name="keep">Rates: the share that stays; otherwise 0.</param>
    /// <returns>What this region holds from now on.</returns>
    [Alias("give-back")]
    Task<LeaseStatement> GiveBackAsync(long keep);

    /// <returns>What is leased and spent now.</returns>
    [Alias("get")]
    Task<AllowanceStatus> GetAsync();
}

/// <summary>How what is leased comes back.</summary>
[GenerateSerializer, Alias("LeaseKind")]
public enum LeaseKind
{
    /// <summary>Places: in use or free, given back when free.</summary>
    Slots,

    /// <summary>An amount that is used up.</summary>
    Budget,

    /// <summary>A rate: divided by demand, fairly, and moved as demand moves.</summary>
    Rate,
}

/// <summary>The limit as the sender's tenant snapshot has it.</summary>
/// <param name="Version">Version of that snapshot; the highest one heard counts.</param>
/// <param name="Kind">What is limited.</param>
/// <param name="Amount">How much, 0 and up.</param>
/// <param name="Soft">True: going beyond is recorded, not refused.</param>
[GenerateSerializer, Immutable, Alias("LeaseLimit")]
public sealed record LeaseLimit(
    [property: Id(0)] long Version,
    [property: Id(1)] LeaseKind Kind,
    [property: Id(2)] long Amount,
    [property: Id(3)] bool Soft);

/// <summary>What a relay says about its lease. The relay uses no more than <see cref="Held"/> from the moment it says so until the answer is there.</summary>
/// <param name="RelayId">The sender.</param>
/// <param name="Incarnation">The sender's incarnation; another than before means that the earlier process is gone.</param>
/// <param name="Sequence">Grows with each statement of the relay, over restarts too; one that is not higher than the last changes nothing.</param>
/// <param name="Limit">The limit.</param>
/// <param name="Held">What the relay keeps of its lease, what is in use included.</param>
/// <param name="Spent">Budgets: used up by this incarnation so far.</param>
/// <param name="Needed">What it needs at once, what it holds included. A rate: its demand.</param>
/// <param name="Wanted">What it would like to hold, to be free of asking for a while; not lower than <see cref="Needed"/>.</param>
[GenerateSerializer, Immutable, Alias("LeaseStatement")]
public sealed record LeaseStatement(
    [property: Id(0)] string RelayId,
    [property: Id(1)] Guid Incarnation,
    [property: Id(2)] long Sequence,
    [property: Id(3)] LeaseLimit Limit,
    [property: Id(4)] long Held,
    [property: Id(5)] long Spent,
    [property: Id(6)] long Needed,
    [property: Id(7)] long Wanted);

/// <summary>The answer to a statement. It counts only while no later statement was made.</summary>
/// <param name="Sequence">The statement's; a higher one when the statement was older than what was known.</param>
/// <param name="Held">What the relay holds now. A rate may be lower than it was.</param>
/// <param name="Exhausted">True: less than needed, because nothing is free anywhere.</param>
[GenerateSerializer, Immutable, Alias("LeaseGrant")]
public sealed record LeaseGrant(
    [property: Id(0)] long Sequence,
    [property: Id(1)] long Held,
    [property: Id(2)] bool Exhausted);

/// <summary>An allowance as operators see it.</summary>
/// <param name="Limit">The limit last heard of; null before any relay asked.</param>
/// <param name="Held">Leased to relays and not yet spent.</param>
/// <param name="Spent">Budgets: used up.</param>
/// <param name="ReachedAt">Budgets: when the limit was reached; null = not yet. Durable.</param>
[GenerateSerializer, Immutable, Alias("AllowanceStatus")]
public sealed record AllowanceStatus(
    [property: Id(0)] LeaseLimit? Limit,
    [property: Id(1)] long Held,
    [property: Id(2)] long Spent,
    [property: Id(3)] DateTimeOffset? ReachedAt);
