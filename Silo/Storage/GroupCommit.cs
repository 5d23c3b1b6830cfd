using System.Diagnostics;

namespace NetDiscovery.Silo.Storage;

/// <summary>
/// Merges calls that arrive together into one commit. A call completes when its rows are durable. Calls wait at most for the commit under way and
/// <see cref="GroupCommitLimits.Linger"/>; while one commit runs, the next group gathers.
/// </summary>
/// <remarks>
/// When a commit fails because of what it was given (not because the store is away), the group is halved until the call at fault is alone:
/// only that call fails. When the store is away, every call of the group and every call waiting behind it fails, so that nobody waits for
/// longer than <see cref="GroupCommitLimits.Deadline"/>; the callers send again.
/// </remarks>
/// <typeparam name="TCall">What one caller wants stored.</typeparam>
/// <typeparam name="TResult">What that caller is answered.</typeparam>
/// <param name="limits">Sizes and times.</param>
/// <param name="rows">How many rows a call is.</param>
/// <param name="key">Two calls of one key never share a commit; null: any may.</param>
/// <param name="commit">Stores a group atomically; answers one result for each call, in order.</param>
/// <param name="metrics">Told of every commit.</param>
/// <param name="time">For <see cref="GroupCommitLimits.Linger"/>.</param>
public sealed class GroupCommit<TCall, TResult>(
    GroupCommitLimits limits,
    Func<TCall, int> rows,
    Func<TCall, object?> key,
    Func<IReadOnlyList<TCall>, Task<IReadOnlyList<TResult>>> commit,
    StorageMetrics metrics,
    TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Queue<Entry> waiting = new();
    private int waitingRows;
    private bool pumping;

    /// <summary>Stores <paramref name="call"/> together with its neighbours.</summary>
    /// <exception cref="StorageOverloadedException">Too many rows wait already; nothing was stored, send again later.</exception>
    public Task<TResult> AddAsync(TCall call)
    {
        var entry = new Entry(call, rows(call));
        lock (gate)
        {
            if (waitingRows + entry.Rows > limits.MaxWaitingRows)
            {
                metrics.Refused(limits.Name, entry.Rows);
                throw new StorageOverloadedException($"{limits.Name}: {waitingRows} rows wait to be stored already; send again later.");
            }

            waiting.Enqueue(entry);
            waitingRows += entry.Rows;
            if (!pumping)
            {
                pumping = true;

                // Off the caller's scheduler: a grain's turn must not carry other callers' commits.
                _ = Task.Run(PumpAsync);
            }
        }

        return entry.Done.Task;
    }

    private async Task PumpAsync()
    {
        await Task.Delay(limits.Linger, time);
        while (Take() is { Count: > 0 } group)
        {
            await CommitAsync(group);
        }
    }

    private List<Entry> Take()
    {
        lock (gate)
        {
            var group = new List<Entry>();
            var keys = new HashSet<object>();
            var groupRows = 0;
            while (waiting.TryPeek(out var next)
                && (group.Count == 0 || groupRows + next.Rows <= limits.MaxRows)
                && (key(next.Call) is not { } own || keys.Add(own)))
            {
                group.Add(waiting.Dequeue());
                groupRows += next.Rows;
            }

            waitingRows -= groupRows;
            pumping = group.Count > 0;
            return group;
        }
    }

    private async Task CommitAsync(List<Entry> group)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            var results = await commit([.. group.Select(entry => entry.Call)]).WaitAsync(limits.Deadline, time);
            metrics.Committed(limits.Name, group.Sum(entry => entry.Rows), Stopwatch.GetElapsedTime(started));
            for (var i = 0; i < group.Count; i++)
            {
                group[i].Done.SetResult(results[i]);
            }
        }
        catch (Exception exception) when (group.Count > 1 && !StorageFailure.IsStoreAway(exception))
        {
            var half = group.Count / 2;
            await CommitAsync(group[..half]);
            await CommitAsync(group[half..]);
        }
        catch (Exception exception)
        {
            // Whatever it is, it belongs to these callers; the pump goes on.
            var failed = StorageFailure.IsStoreAway(exception) ? [.. group, .. TakeAll()] : group;
            metrics.Failed(limits.Name, failed.Sum(entry => entry.Rows));
            foreach (var entry in failed)
            {
                entry.Done.SetException(exception);
            }
        }
    }

    private List<Entry> TakeAll()
    {
        lock (gate)
        {
            List<Entry> all = [.. waiting];
            waiting.Clear();
            waitingRows = 0;
            return all;
        }
    }

    private sealed record Entry(TCall Call, int Rows)
    {
        public TaskCompletionSource<TResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
