using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Allocations;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>
/// Puts the little that several shards have to send at the same moment into one message: a message of its own for every event is a quarter of what an allocation costs a relay.
/// A shard whose last batch failed sends alone until one succeeds, so that it does not keep the others waiting; when whole messages fail, all send alone for a while: the silos may be of a version that does not know such messages.
/// </summary>
/// <param name="alone">Delivers one shard's batch.</param>
/// <param name="together">Delivers the batches of several.</param>
/// <param name="time">Clock.</param>
internal sealed class BatchGatherer(
    Func<int, ImmutableArray<ControlEvent>, Task<ControlBatchResult>> alone, Func<ImmutableArray<ShardBatch>, Task<ImmutableArray<ShardResult>>> together, TimeProvider time)
{
    /// <summary>Most events of a batch that has company: larger ones gain nothing from it, and would wait for the slowest.</summary>
    public const int Little = 32;

    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan AloneFor = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly HashSet<int> failed = [];
    private List<Waiting> waiting = [];
    private long? aloneSince;

    /// <summary>Delivers one shard's batch, with those of others where there are any.</summary>
    public async Task<ControlBatchResult> DeliverAsync(int shard, ImmutableArray<ControlEvent> events)
    {
        try
        {
            var result = await (Join(shard, events) ?? alone(shard, events));
            Note(shard, well: true);
            return result;
        }
        catch
        {
            Note(shard, well: false);
            throw;
        }
    }

    // Null: it goes alone.
    private Task<ControlBatchResult>? Join(int shard, ImmutableArray<ControlEvent> events)
    {
        lock (gate)
        {
            if (events.Length > Little || failed.Contains(shard) || (aloneSince is { } since && time.GetElapsedTime(since) < AloneFor))
            {
                return null;
            }

            var one = new Waiting(new ShardBatch(shard, events));
            waiting.Add(one);
            if (waiting.Count == 1)
            {
                _ = SendSoonAsync();
            }

            return one.Answer.Task;
        }
    }

    private void Note(int shard, bool well)
    {
        lock (gate)
        {
            _ = well ? failed.Remove(shard) : failed.Add(shard);
        }
    }

    private async Task SendSoonAsync()
    {
        await Task.Delay(Gathering, time);
        List<Waiting> gathered;
        lock (gate)
        {
            (gathered, waiting) = (waiting, []);
        }

        var (message, events) = (new List<Waiting>(), 0);
        foreach (var one in gathered)
        {
            if (events + one.Batch.Events.Length > EventShard.MaxBatch)
            {
                _ = SendAsync(message);
                (message, events) = ([], 0);
            }

            message.Add(one);
            events += one.Batch.Events.Length;
        }

        _ = SendAsync(message);
    }

    // Never throws: what went wrong is everybody's answer.
    private async Task SendAsync(List<Waiting> message)
    {
        try
        {
            if (message.Count == 1)
            {
                message[0].Answer.SetResult(await alone(message[0].Batch.Shard, message[0].Batch.Events));
                return;
            }

            var results = await together([.. message.Select(one => one.Batch)]);
            foreach (var (one, result) in message.Zip(results))
            {
                if (result.Result is { } confirmed)
                {
                    one.Answer.SetResult(confirmed);
                }
                else
                {
                    one.Answer.SetException(new InvalidOperationException(result.Problem));
                }
            }
        }
        catch (Exception exception)
        {
            lock (gate)
            {
                aloneSince = message.Count > 1 ? time.GetTimestamp() : aloneSince;
            }

            message.ForEach(one => one.Answer.TrySetException(exception));
        }
    }

    private sealed record Waiting(ShardBatch Batch)
    {
        public TaskCompletionSource<ControlBatchResult> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
