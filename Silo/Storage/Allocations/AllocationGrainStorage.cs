using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using Orleans.Storage;

namespace NetDiscovery.Silo.Storage.Allocations;

/// <summary>
/// The grain storage named <see cref="Grains.StorageNames.Allocations"/>: writes of all allocation grains of the silo share commits, and reads of those
/// that come to life while a read is under way share the next one.
/// A write returns when its row is durable; it throws when the store is away, and the grain's caller sends again.
/// </summary>
public sealed class AllocationGrainStorage : IGrainStorage
{
    private static readonly GroupCommitLimits Limits = new("allocations", MaxRows: 1_000, MaxWaitingRows: 50_000, Linger: TimeSpan.FromMilliseconds(2));

    // A read that is alone waits for nobody.
    private static readonly GroupCommitLimits ReadLimits = new("allocation-reads", MaxRows: 1_000, MaxWaitingRows: 50_000, Linger: TimeSpan.Zero);

    private readonly IAllocationStore store;
    private readonly GroupCommit<AllocationWrite, int?> commits;
    private readonly GroupCommit<string, (int Version, string Json)?> reads;

    /// <summary>Puts a queue before <paramref name="store"/>.</summary>
    public AllocationGrainStorage(IAllocationStore store, StorageMetrics metrics, TimeProvider time)
    {
        this.store = store;
        commits = new(Limits, _ => 1, write => write.Id, store.WriteAsync, metrics, time);
        reads = new(ReadLimits, _ => 1, _ => null, store.ReadAsync, metrics, time);
    }

    /// <inheritdoc/>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var state = Typed(stateName, grainState);
        var row = await reads.AddAsync(Id(grainId).ToString());
        state.State = row is { } found ? AllocationReader.Parse(found.Json) : new AllocationState();
        state.ETag = row is { } known ? StateVersion.Text(known.Version) : null;
        state.RecordExists = row is not null;
    }

    /// <inheritdoc/>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var state = Typed(stateName, grainState);
        var version = await commits.AddAsync(AllocationWrite.From(Id(grainId), StateVersion.Parse(state.ETag), state.State ?? new AllocationState()))
            ?? throw StateVersion.Conflict(grainId, state.ETag);
        state.ETag = StateVersion.Text(version);
        state.RecordExists = true;
    }

    /// <inheritdoc/>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var state = Typed(stateName, grainState);
        if (StateVersion.Parse(state.ETag) is { } version && !await store.DeleteAsync(Id(grainId).ToString(), version))
        {
            throw StateVersion.Conflict(grainId, state.ETag);
        }

        state.State = new AllocationState();
        state.ETag = null;
        state.RecordExists = false;
    }

    private static IGrainState<AllocationState> Typed<T>(string stateName, IGrainState<T> state) => state as IGrainState<AllocationState>
        ?? throw new NotSupportedException($"This storage holds {nameof(AllocationState)} only; state '{stateName}' is {typeof(T).Name}. Use the storage named Default.");

    private static AllocationId Id(GrainId grainId) => GrainKeys.AllocationOf(grainId.Key.ToString()!);
}
