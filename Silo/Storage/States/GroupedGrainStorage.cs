using System.Text.Json;
using NetDiscovery.Grains;
using Orleans.Storage;

namespace NetDiscovery.Silo.Storage.States;

/// <summary>
/// The grain storage named <see cref="StorageNames.Sessions"/>: the same rows as <see cref="StorageNames.Default"/> writes, of grains with
/// string keys, but writes of all grains of the silo share commits. For states that change with every message. A write returns when its row is durable.
/// </summary>
public sealed class GroupedGrainStorage : IGrainStorage
{
    private static readonly GroupCommitLimits Limits = new("sessions", MaxRows: 1_000, MaxWaitingRows: 50_000, Linger: TimeSpan.FromMilliseconds(1));

    // Versions start from the clock, so that a row cleared and made anew never meets a version from before.
    private static readonly DateTimeOffset FirstVersion = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly IStateStore store;
    private readonly GroupCommit<StateWrite, bool> commits;
    private readonly TimeProvider time;

    /// <summary>Puts a queue before <paramref name="store"/>.</summary>
    public GroupedGrainStorage(IStateStore store, StorageMetrics metrics, TimeProvider time)
    {
        this.store = store;
        this.time = time;
        commits = new(Limits, _ => 1, write => (write.StateName, write.Key), store.WriteAsync, metrics, time);
    }

    /// <inheritdoc/>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var row = await store.ReadAsync(stateName, Key(grainId));
        grainState.State = row is { } found ? JsonSerializer.Deserialize<T>(found.Json, StateJson.Options)! : Activator.CreateInstance<T>();
        grainState.ETag = row is { } known ? StateVersion.Text(known.Version) : null;
        grainState.RecordExists = row is not null;
    }

    /// <inheritdoc/>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var expected = StateVersion.Parse(grainState.ETag);
        var version = expected + 1 ?? (int)(time.GetUtcNow() - FirstVersion).TotalSeconds;
        if (!await commits.AddAsync(new StateWrite(stateName, Key(grainId), expected, version, JsonSerializer.Serialize(grainState.State, StateJson.Options))))
        {
            throw StateVersion.Conflict(grainId, grainState.ETag);
        }

        grainState.ETag = StateVersion.Text(version);
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (StateVersion.Parse(grainState.ETag) is { } version && !await store.DeleteAsync(stateName, Key(grainId), version))
        {
            throw StateVersion.Conflict(grainId, grainState.ETag);
        }

        grainState.State = Activator.CreateInstance<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private static string Key(GrainId grainId) => grainId.Key.ToString()!;
}
