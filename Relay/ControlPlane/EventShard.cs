using System.Collections.Immutable;
using System.Threading.Channels;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>
/// Sends the control events of one ingest shard, one batch at a time: the next is made when the last was confirmed, which keeps each
/// allocation's order. A report waits in the queue at most once, so the queue is never longer than the journal.
/// </summary>
/// <param name="number">Shard number, 0 to <see cref="GrainKeys.IngestShards"/> − 1.</param>
/// <param name="cluster">Takes the batches.</param>
/// <param name="relay">The sender.</param>
/// <param name="pacing">Pauses.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Log.</param>
internal sealed partial class EventShard(int number, ICluster cluster, RelayIdentity relay, ControlPlanePacing pacing, TimeProvider time, ILogger logger)
{
    /// <summary>Most events in a batch, as the contract has it.</summary>
    public const int MaxBatch = 1_000;

    /// <summary>Failures of the same batch until it is a warning: 1.5 s where the cluster refuses, 26.5 s where it does not answer.</summary>
    public const int WarnAfter = 5;

    private const int WarnAgainAfter = 60;

    private readonly System.Threading.Channels.Channel<AllocationReport> queue = System.Threading.Channels.Channel.CreateUnbounded<AllocationReport>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<AllocationId, AllocationReport> reports = [];
    private readonly long began = time.GetTimestamp();

    /// <summary>Called with each report whose end the cluster has confirmed.</summary>
    public required Action<AllocationReport> Confirmed { get; init; }

    /// <summary>Adds a report that has something to tell. Any thread; never waits.</summary>
    public void Enqueue(AllocationReport report) => queue.Writer.TryWrite(report);

    /// <summary>Sends until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var events = new List<ControlEvent>();
        while (await queue.Reader.WaitToReadAsync(cancellation))
        {
            if (pacing.Linger > TimeSpan.Zero)
            {
                await Task.Delay(UntilNextMoment(events.Count), time, cancellation);
            }

            events.Clear();
            reports.Clear();
            while (events.Count < MaxBatch / 2 && queue.Reader.TryRead(out var report))
            {
                report.Take(relay, time.GetUtcNow(), events);
                reports[report.Identity.Allocation] = report;
            }

            await DeliverAsync([.. events], cancellation);
        }
    }

    // All shards at the same moments, so that the little they send can be one message. Whoever has much to tell skips every other moment: what an allocation
    // tells in quick succession is then one call of its grain and one write.
    private TimeSpan UntilNextMoment(int lastBatch)
    {
        var beat = lastBatch > BatchGatherer.Little ? 2 * pacing.Linger : pacing.Linger;
        return beat - TimeSpan.FromTicks(time.GetElapsedTime(began).Ticks % beat.Ticks);
    }

    private async Task DeliverAsync(ImmutableArray<ControlEvent> events, CancellationToken cancellation)
    {
        var (failures, since) = (0, time.GetTimestamp());
        while (!events.IsEmpty)
        {
            // One allocation may have more to tell than a batch holds; the rest follows, still in order.
            var batch = events.Length > MaxBatch ? events[..MaxBatch] : events;
            string problem;
            try
            {
                var unknown = (await cluster.DeliverAsync(number, batch).WaitAsync(pacing.AnswerWithin, time, cancellation)).Unknown;
                unknown = unknown.IsDefault ? [] : unknown;
                Confirm(batch, unknown);
                events = [.. SayAgain(batch, unknown), .. events[batch.Length..]];
                if (unknown.IsEmpty)
                {
                    TellOfSuccess(failures, since);
                    (failures, since) = (0, time.GetTimestamp());
                    continue;
                }

                problem = $"it asks for the opening of {unknown.Length} allocations";
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested)
            {
                problem = exception.Message;
            }

            TellOfFailure(++failures, since, events, problem);

            // Not confirmed means not known: the same events go out again with the same numbers.
            await Task.Delay(pacing.RetryAfter(failures - 1), time, cancellation);
        }
    }

    // What waits is not billed, and all that the shard has to tell later waits behind it.
    private void TellOfFailure(int failures, long since, ImmutableArray<ControlEvent> events, string problem) => LogDeliveryFailed(
        failures == WarnAfter || failures % WarnAgainAfter == 0 ? LogLevel.Warning : LogLevel.Debug,
        number, events.Length, events[0].Allocation, failures, time.GetElapsedTime(since).TotalSeconds, problem);

    private void TellOfSuccess(int failures, long since)
    {
        if (failures >= WarnAfter)
        {
            LogDelivered(number, failures, time.GetElapsedTime(since).TotalSeconds);
        }
    }

    private void Confirm(ImmutableArray<ControlEvent> batch, ImmutableArray<AllocationId> unknown)
    {
        foreach (var controlEvent in batch)
        {
            if (controlEvent is AllocationClosed && !unknown.Contains(controlEvent.Allocation))
            {
                Confirmed(reports[controlEvent.Allocation]);
            }
        }
    }

    private List<ControlEvent> SayAgain(ImmutableArray<ControlEvent> batch, ImmutableArray<AllocationId> unknown)
    {
        var again = new List<ControlEvent>();
        foreach (var allocation in unknown.Distinct())
        {
            if (reports.TryGetValue(allocation, out var report))
            {
                again.Add(report.MakeOpened(relay));
                again.AddRange(batch.Where(controlEvent => controlEvent.Allocation == allocation && controlEvent is not AllocationOpened));
            }
        }

        return again;
    }

    [LoggerMessage(EventId = 1221, Message = "Shard {Shard}: {Count} control events wait, the first of allocation {Allocation}; the cluster did not take them {Failures} times in {Seconds:F0} s: {Problem}")]
    private partial void LogDeliveryFailed(LogLevel level, int shard, int count, AllocationId allocation, int failures, double seconds, string problem);

    [LoggerMessage(1222, LogLevel.Information, "Shard {Shard}: the cluster took the control events that waited, after {Failures} failures in {Seconds:F0} s")]
    private partial void LogDelivered(int shard, int failures, double seconds);
}
