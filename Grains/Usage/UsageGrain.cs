using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Usage;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Usage;

/// <inheritdoc cref="IUsageGrain"/>
/// <remarks>Reports that arrive while the ledger is busy go into its next call together.</remarks>
[GrainType("usage"), Reentrant]
public sealed class UsageGrain(IUsageLedger ledger) : Grain, IUsageGrain
{
    /// <summary>Reports in one call of the ledger, and so in one call of this grain.</summary>
    public const int MaxBatch = 1_000;

    private readonly Queue<Submission> waiting = new();
    private bool writing;

    public Task RecordAsync(ImmutableArray<UsageReport> reports)
    {
        if (reports.IsDefaultOrEmpty)
            return Task.CompletedTask;
        if (reports.Length > MaxBatch)
            throw new ArgumentException($"At most {MaxBatch} reports at a time.", nameof(reports));

        var submission = new Submission(reports, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        waiting.Enqueue(submission);
        if (!writing)
            _ = WriteAsync();
        return submission.Done.Task;
    }

    private async Task WriteAsync()
    {
        writing = true;
        while (waiting.Count > 0)
        {
            var batch = TakeBatch();
            try
            {
                await ledger.ApplyAsync(InOrder(batch));
                batch.ForEach(submission => submission.Done.SetResult());
            }
            catch (Exception exception)
            {
                batch.ForEach(submission => submission.Done.SetException(exception));
            }
        }

        writing = false;
    }

    private List<Submission> TakeBatch()
    {
        var batch = new List<Submission>();
        for (var count = 0; waiting.TryPeek(out var next) && count + next.Reports.Length <= MaxBatch; count += next.Reports.Length)
            batch.Add(waiting.Dequeue());
        return batch;
    }

    // A repeated submission may wait beside its first copy: the ledger is promised growing sequences for each source.
    private static List<UsageReport> InOrder(List<Submission> batch)
    {
        var last = new Dictionary<Guid, long>();
        var reports = new List<UsageReport>();
        foreach (var report in batch.SelectMany(submission => submission.Reports))
        {
            if (last.TryGetValue(report.SourceId, out var sequence) && report.Sequence <= sequence)
                continue;
            last[report.SourceId] = report.Sequence;
            reports.Add(report);
        }

        return reports;
    }

    private sealed record Submission(ImmutableArray<UsageReport> Reports, TaskCompletionSource Done);
}
