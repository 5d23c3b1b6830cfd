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
/// </remarks>
[GrainType("control-event"), Reentrant]
public sealed partial class ControlEventGrain(ILogger<ControlEventGrain> logger) : Grain, IControlEventGrain
{
    /// <summary>Events in one batch.</summary>
    public const int MaxBatch = 1_000;

    // By name: the lookup by the interface's type reads its attributes anew each time.
    private static readonly GrainType AllocationType = GrainType.Create("allocation");
    private static readonly GrainInterfaceType AllocationInterface = GrainInterfaceType.Create("allocation");

    public async Task<ControlBatchResult> DeliverAsync(string relayId, ImmutableArray<ControlEvent> events)
    {
        if (events.IsDefaultOrEmpty)
            return new ControlBatchResult([]);
        if (events.Length > MaxBatch)
            throw new ArgumentException($"At most {MaxBatch} events at a time.", nameof(events));

        var deliveries = events.GroupBy(happened => happened.Allocation).Select(ApplyAsync).ToList();
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

    private async Task<(AllocationId Id, bool Known)> ApplyAsync(IGrouping<AllocationId, ControlEvent> events) =>
        (events.Key, await ((IAllocationGrain)GrainFactory.GetGrain(GrainId.Create(AllocationType, GrainKeys.Allocation(events.Key)), AllocationInterface)).ApplyAsync([.. events]));
}
