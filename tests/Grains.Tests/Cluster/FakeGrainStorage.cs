using System.Collections.Concurrent;
using System.Text.Json;
using Orleans.Storage;

namespace NetDiscovery.Grains.Tests.Cluster;

/// <summary>Grain storage in memory with the habits of the relational one: JSON rows, versions, rows named by state name and key alone.</summary>
public sealed class FakeGrainStorage : IGrainStorage
{
    /// <summary>A part of a key whose rows can never be read.</summary>
    public const string UnreadableKey = "unreadable";

    private readonly ConcurrentDictionary<string, Row> rows = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Fault>> faults = new();
    private readonly ConcurrentDictionary<string, int> writes = new();
    private readonly ConcurrentDictionary<string, int> reads = new();

    /// <summary>The next writes of this row fail, before or after they took place; the caller cannot tell which.</summary>
    public void FailNextWrites(string stateName, string key, int count = 1, bool afterStoring = false)
    {
        for (var i = 0; i < count; i++)
            Faults(RowName(stateName, key)).Enqueue(new Fault(afterStoring, null, null));
    }

    /// <summary>The next write of this row waits.</summary>
    /// <returns>A task that ends when the write has begun, and what lets it go on.</returns>
    public (Task Reached, TaskCompletionSource Release) HoldNextWrite(string stateName, string key)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Faults(RowName(stateName, key)).Enqueue(new Fault(false, reached, release));
        return (reached.Task, release);
    }

    public int Writes(string stateName, string key) => writes.GetValueOrDefault(RowName(stateName, key));

    public int Reads(string stateName, string key) => reads.GetValueOrDefault(RowName(stateName, key));

    public T? Stored<T>(string stateName, string key) where T : class =>
        rows.TryGetValue(RowName(stateName, key), out var row) ? JsonSerializer.Deserialize<T>(row.Json, StateJson.Options) : null;

    public IEnumerable<T> All<T>(string stateName) => rows
        .Where(row => row.Key.StartsWith(stateName + "|", StringComparison.Ordinal))
        .Select(row => JsonSerializer.Deserialize<T>(row.Value.Json, StateJson.Options)!);

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = grainId.Key.ToString()!;
        if (key.Contains(UnreadableKey, StringComparison.Ordinal))
            throw new IOException("The store cannot read this row.");

        reads.AddOrUpdate(RowName(stateName, key), 1, (_, count) => count + 1);
        var found = rows.TryGetValue(RowName(stateName, key), out var row);
        grainState.State = found ? JsonSerializer.Deserialize<T>(row!.Json, StateJson.Options)! : Activator.CreateInstance<T>();
        grainState.ETag = found ? row!.ETag : null;
        grainState.RecordExists = found;
        return Task.CompletedTask;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var name = RowName(stateName, grainId.Key.ToString()!);
        Fault? fault = null;
        if (faults.TryGetValue(name, out var queued) && queued.TryDequeue(out fault) && fault.Release is not null)
        {
            fault.Reached!.SetResult();
            await fault.Release.Task;
        }
        else if (fault is { AfterStoring: false })
        {
            throw new IOException("The store is down.");
        }

        var next = new Row(JsonSerializer.Serialize(grainState.State, StateJson.Options), Guid.NewGuid().ToString());
        var stored = grainState.ETag is null
            ? rows.TryAdd(name, next)
            : rows.TryGetValue(name, out var row) && row.ETag == grainState.ETag && rows.TryUpdate(name, next, row);
        if (!stored)
            throw new InconsistentStateException("Another version is stored.", rows.GetValueOrDefault(name)?.ETag, grainState.ETag);

        writes.AddOrUpdate(name, 1, (_, count) => count + 1);
        if (fault is { AfterStoring: true })
            throw new IOException("The answer of the store got lost.");

        grainState.ETag = next.ETag;
        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        rows.TryRemove(RowName(stateName, grainId.Key.ToString()!), out _);
        grainState.State = Activator.CreateInstance<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
        return Task.CompletedTask;
    }

    private static string RowName(string stateName, string key) => $"{stateName}|{key}";

    private ConcurrentQueue<Fault> Faults(string name) => faults.GetOrAdd(name, _ => new ConcurrentQueue<Fault>());

    private sealed record Row(string Json, string ETag);

    private sealed record Fault(bool AfterStoring, TaskCompletionSource? Reached, TaskCompletionSource? Release);
}
