using System.Collections.Immutable;
using Orleans.Concurrency;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.Interfaces.Allocations;

/// <summary>Takes batches of control events from relays and hands each event to its own allocation grain. Key: <see cref="GrainKeys.Ingest(int)"/>.</summary>
[Alias("control-event"), GrainInterfaceType("control-event")]
public interface IControlEventGrain : IGrainWithStringKey
{
    /// <summary>
    /// Delivers a batch. When it returns, every event not named in the result is durable: state stored, usage in the ledger.
    /// When it throws or times out, some events may have been applied and others not: send the same batch again; what was applied is not applied
    /// twice. One allocation that fails does not keep the others from being applied.
    /// </summary>
    /// <param name="relayId">The sender.</param>
    /// <param name="events">In order of sequence for each allocation; events of different allocations in any order. At most 1,000.</param>
    [Alias("deliver")]
    Task<ControlBatchResult> DeliverAsync(string relayId, ImmutableArray<ControlEvent> events);

    /// <summary>Hands observed Bindings to their sessions' grains. They are hints: what a session's grain does not take is lost, and nothing throws for it.</summary>
    /// <param name="observed">Of any sessions, at most 1,000.</param>
    [Alias("observe")]
    Task ObserveAsync(ImmutableArray<BindingObserved> observed);
}

/// <summary>
/// Takes the batches of several ingest shards in one message and passes each to its <see cref="IControlEventGrain"/>: a relay with little to tell has something for
/// many shards, and a message costs it far more than an event. Stateless, on the silo the caller is connected to. Key: 0.
/// </summary>
[Alias("control-batches"), GrainInterfaceType("control-batches")]
public interface IControlBatchesGrain : IGrainWithIntegerKey
{
    /// <summary>Delivers batches as <see cref="IControlEventGrain.DeliverAsync"/> does each. One that fails says so in its result and does not keep the others from being delivered.</summary>
    /// <param name="relayId">The sender.</param>
    /// <param name="batches">Each of another shard, at most 1,000 events together.</param>
    /// <returns>What came of each, in the same order.</returns>
    [Alias("deliver")]
    Task<ImmutableArray<ShardResult>> DeliverAsync(string relayId, ImmutableArray<ShardBatch> batches);
}

/// <summary>Control events of one ingest shard.</summary>
/// <param name="Shard">0 to <see cref="GrainKeys.IngestShards"/> − 1.</param>
/// <param name="Events">As <see cref="IControlEventGrain.DeliverAsync"/> wants them.</param>
[GenerateSerializer, Immutable, Alias("ShardBatch")]
public sealed record ShardBatch([property: Id(0)] int Shard, [property: Id(1)] ImmutableArray<ControlEvent> Events);

/// <summary>What came of the batch of one shard.</summary>
/// <param name="Result">The answer; null = it failed, and must be sent again.</param>
/// <param name="Problem">Why it failed; empty = it did not.</param>
[GenerateSerializer, Immutable, Alias("ShardResult")]
public sealed record ShardResult([property: Id(0)] ControlBatchResult? Result, [property: Id(1)] string Problem);

/// <summary>What came of a batch.</summary>
/// <param name="Unknown">Allocations whose grain never got their <see cref="AllocationOpened"/>: send that and the events again.</param>
[GenerateSerializer, Immutable, Alias("ControlBatchResult")]
public sealed record ControlBatchResult([property: Id(0)] ImmutableArray<AllocationId> Unknown);

/// <summary>One allocation. Key: <see cref="GrainKeys.Allocation"/>.</summary>
[Alias("allocation"), GrainInterfaceType("allocation")]
public interface IAllocationGrain : IGrainWithStringKey
{
    /// <summary>Applies events in order; those already seen change nothing. Returns when all is durable; when it throws, send the same again.</summary>
    /// <returns>False when the grain never got an <see cref="AllocationOpened"/> and the events start later: nothing was applied.</returns>
    [Alias("apply")]
    Task<bool> ApplyAsync(ImmutableArray<ControlEvent> events);

    /// <returns>The allocation, live or ended, or null when unknown.</returns>
    [Alias("get"), AlwaysInterleave]
    Task<Allocation?> GetAsync();

    /// <summary>Asks the allocation's relay to end it. Returns when the relay's grain holds the command durably or in its queue.</summary>
    /// <returns>False when the allocation is unknown or has ended. Throws when the relay's queue is full: try later.</returns>
    [Alias("cut"), AlwaysInterleave]
    Task<bool> CutAsync();

    /// <summary>Closes the allocation, with its last known usage, if nobody did and it expired before <paramref name="expiredBefore"/>.</summary>
    /// <returns>False when it lives, has ended, or is unknown.</returns>
    [Alias("close-lost")]
    Task<bool> CloseLostAsync(DateTimeOffset expiredBefore);
}

/// <summary>Lists allocations from the store. Stateless; use key 0.</summary>
[Alias("allocation-query"), GrainInterfaceType("allocation-query")]
public interface IAllocationQueryGrain : IGrainWithIntegerKey
{
    /// <param name="tenant">Only this tenant's; null for all (operator).</param>
    /// <param name="session">Only this session's; null for any.</param>
    /// <param name="after">Cursor: the last id of the page before.</param>
    /// <param name="limit">Page size, 1 to 1,000.</param>
    /// <returns>Live allocations in order of id; one page.</returns>
    [Alias("list"), ResponseTimeout(CallTimeouts.Reading)]
    Task<ImmutableArray<Allocation>> ListLiveAsync(TenantId? tenant, SessionId? session, AllocationId? after, int limit);
}

/// <summary>An allocation as grains hold it and the API shows it.</summary>
[GenerateSerializer, Immutable, Alias("Allocation")]
public sealed record Allocation
{
    /// <summary>The allocation.</summary>
    [Id(0)] public required AllocationId Id { get; init; }

    /// <summary>Who pays.</summary>
    [Id(1)] public required TenantId Tenant { get; init; }

    /// <summary>The session, if any.</summary>
    [Id(2)] public SessionId? Session { get; init; }

    /// <summary>The token.</summary>
    [Id(3)] public required TokenId Token { get; init; }

    /// <summary>The session's endpoint; empty = none.</summary>
    [Id(4)] public string Endpoint { get; init; } = "";

    /// <summary>The label; empty = none.</summary>
    [Id(5)] public string Label { get; init; } = "";

    /// <summary>The relay's region.</summary>
    [Id(6)] public required string Region { get; init; }

    /// <summary>The relay.</summary>
    [Id(7)] public required string RelayId { get; init; }

    /// <summary>The 5-tuple.</summary>
    [Id(8)] public required FiveTuple FiveTuple { get; init; }

    /// <summary>Relayed transport addresses.</summary>
    [Id(9)] public required ImmutableArray<TransportAddress> RelayedTransportAddresses { get; init; }

    /// <summary>When it was opened.</summary>
    [Id(10)] public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>When it ends unless refreshed.</summary>
    [Id(11)] public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When it ended; null while alive.</summary>
    [Id(12)] public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>Why it ended; null while alive.</summary>
    [Id(13)] public AllocationCloseReason? CloseReason { get; init; }

    /// <summary>Peer IP addresses with a permission, and when each ends.</summary>
    [Id(14)] public ImmutableSortedDictionary<string, DateTimeOffset> Permissions { get; init; } = ImmutableSortedDictionary<string, DateTimeOffset>.Empty;

    /// <summary>Bound channels.</summary>
    [Id(15)] public ImmutableArray<Channel> Channels { get; init; } = [];

    /// <summary>Last reported running totals.</summary>
    [Id(16)] public UsageTotals Totals { get; init; }

    /// <summary>Number of the last event applied.</summary>
    [Id(17)] public long Sequence { get; init; }
}

/// <summary>A bound channel.</summary>
[GenerateSerializer, Immutable, Alias("Channel")]
public readonly record struct Channel(
    [property: Id(0)] int Number,
    [property: Id(1)] TransportAddress Peer,
    [property: Id(2)] DateTimeOffset ExpiresAt);
