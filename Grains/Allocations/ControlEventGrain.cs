using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Allocations;

/// <inheritdoc cref="IControlEventGrain"/>
/// <remarks>
/// Reentrant: batches of several relays pass through one shard at once. The order of one allocation's events holds all the same, because its
/// relay sends the next only after the last was confirmed, its grain takes one call at a time, and a copy that comes late has been seen.
/// A silo that is behind must not fall farther behind because of it: copies that a relay sends meanwhile wait for the first instead of doing its work
/// again, and only so many allocations are called at once, so that no call waits longer in their queues than Orleans lets it.
/// </remarks>
[GrainType("control-event"), Reentrant]
public sealed partial class ControlEventGrain(HostedShards hosted, ILogger<ControlEventGrain> logger) : Grain, IControlEventGrain
{
    /// <summary>Events in one batch.</summary>
    public const int MaxBatch = 1_000;

    /// <summary>Allocations of one shard that are called at the same time; enough of them for shared commits.</summary>
    public const int AtOnce = 64;

    // By name: the lookup by the interface's type reads its attributes anew each time.
    private static readonly GrainType AllocationType = GrainType.Create("allocation");
    private static readonly GrainInterfaceType AllocationInterface = GrainInterfaceType.Create("allocation");

    private readonly Dictionary<string, (ImmutableArray<ControlEvent> Events, Task<ControlBatchResult> Result)> running = [];
    private readonly SemaphoreSlim places = new(AtOnce, AtOnce);
    private long activation;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        activation = hosted.Begin(GrainKeys.IngestOf(this.GetPrimaryKeyString()));
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        hosted.End(GrainKeys.IngestOf(this.GetPrimaryKeyString()), activation);
        return Task.CompletedTask;
    }

    public async Task<ControlBatchResult> DeliverAsync(string relayId, ImmutableArray<ControlEvent> events)
    {
        if (events.IsDefaultOrEmpty)
            return new ControlBatchResult([]);
        if (events.Length > MaxBatch)
            throw new ArgumentException($"At most {MaxBatch} events at a time.", nameof(events));

        if (running.TryGetValue(relayId, out var earlier) && IsCopy(earlier.Events, events))
            return await earlier.Result;

        var result = ApplyAsync(relayId, events);
        running[relayId] = (events, result);
        try
        {
            return await result;
        }
        finally
        {
            if (running.TryGetValue(relayId, out var latest) && latest.Result == result)
                running.Remove(relayId);
        }
    }

    public async Task ObserveAsync(ImmutableArray<BindingObserved> observed)
    {
        if (observed.IsDefaultOrEmpty)
            return;
        if (observed.Length > MaxBatch)
            throw new ArgumentException($"At most {MaxBatch} observations at a time.", nameof(observed));

        var deliveries = observed.GroupBy(one => one.Session)
            .Select(ofSession => GrainFactory.GetGrain<ISessionGrain>(GrainKeys.Session(ofSession.Key)).ObserveAsync([.. ofSession])).ToList();
        await Task.WhenAll(deliveries).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (deliveries.Count(delivery => !delivery.IsCompletedSuccessfully) is > 0 and var failed)
            ObservationsLost(failed, deliveries.Count);
    }

    private async Task<ControlBatchResult> ApplyAsync(string relayId, ImmutableArray<ControlEvent> events)
    {
        var deliveries = events.GroupBy(happened => happened.Allocation).Select(ApplyOneAsync).ToList();
        await ((Task)Task.WhenAll(deliveries)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        // Every delivery has ended by now; one that failed makes the relay send the whole batch again, which changes nothing for the others.
        var failed = deliveries.Where(delivery => !delivery.IsCompletedSuccessfully).ToList();
        if (failed.Count > 0)
        {
            DeliveriesFailed(relayId, failed.Count, deliveries.Count);
            await failed[0];
        }

        return new ControlBatchResult([.. deliveries.Select(delivery => delivery.Result).Where(delivered => !delivered.Known).Select(delivered => delivered.Id)]);
    }

    private async Task<(AllocationId Id, bool Known)> ApplyOneAsync(IGrouping<AllocationId, ControlEvent> events)
    {
        await places.WaitAsync();
        try
        {
            var allocation = (IAllocationGrain)GrainFactory.GetGrain(GrainId.Create(AllocationType, GrainKeys.Allocation(events.Key)), AllocationInterface);
            return (events.Key, await allocation.ApplyAsync([.. events]));
        }
        finally
        {
            places.Release();
        }
    }

    private static bool IsCopy(ImmutableArray<ControlEvent> first, ImmutableArray<ControlEvent> second) =>
        first.Length == second.Length && first.Zip(second).All(pair =>
            pair.First.Allocation == pair.Second.Allocation && pair.First.Sequence == pair.Second.Sequence && pair.First.At == pair.Second.At);
}
