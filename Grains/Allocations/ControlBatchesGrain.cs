using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Allocations;

/// <inheritdoc cref="IControlBatchesGrain"/>
[GrainType("control-batches"), StatelessWorker, Reentrant]
public sealed class ControlBatchesGrain(TimeProvider time) : Grain, IControlBatchesGrain
{
    // Less than a call may take: one shard that does not answer must not take the answers of the others with it.
    private static readonly TimeSpan ShardAnswersWithin = TimeSpan.FromSeconds(2);

    public async Task<ImmutableArray<ShardResult>> DeliverAsync(string relayId, ImmutableArray<ShardBatch> batches)
    {
        if (batches.IsDefaultOrEmpty)
            return [];
        if (batches.Sum(batch => batch.Events.Length) > ControlEventGrain.MaxBatch)
            throw new ArgumentException($"At most {ControlEventGrain.MaxBatch} events at a time.", nameof(batches));
        return [.. await Task.WhenAll(batches.Select(batch => DeliverAsync(relayId, batch)))];
    }

    private async Task<ShardResult> DeliverAsync(string relayId, ShardBatch batch)
    {
        try
        {
            var shard = GrainFactory.GetGrain<IControlEventGrain>(GrainKeys.Ingest(batch.Shard));
            return new ShardResult(await shard.DeliverAsync(relayId, batch.Events).WaitAsync(ShardAnswersWithin, time), "");
        }
        catch (Exception exception)
        {
            return new ShardResult(null, exception.Message);
        }
    }
}
