using Orleans.Storage;

namespace NetDiscovery.Grains;

/// <summary>Copy-on-write over stored state, read only when somebody must know it: what is most likely new is written without a look.</summary>
/// <remarks>
/// Belongs to one activation. One change at a time; reads may interleave with it. Takes the place of Orleans' persistent state for grains there are very
/// many of and that live for seconds: that one reads on every activation, and takes several times the memory.
/// </remarks>
/// <typeparam name="T">An immutable record; a new one stands for "nothing is stored".</typeparam>
internal sealed class LazyState<T>(IGrainStorage storage, string name, GrainId grain) where T : class, new()
{
    private static readonly T Nothing = new();

    private GrainState<T>? stored;
    private bool writing;

    /// <summary>What is stored as far as it has been read or written here; a new value when neither has happened.</summary>
    public T Known => stored?.State ?? Nothing;

    /// <summary>What is stored. Asks the store only when it is not known.</summary>
    public async ValueTask<T> ReadAsync()
    {
        if (stored is null)
        {
            var read = await LoadAsync();
            if (stored is null && writing)
                return read.State!; // Whoever writes without having read takes care of what is there.
            stored ??= read;
        }

        return stored.State!;
    }

    /// <summary>Stores what <paramref name="change"/> makes of <see cref="Known"/>. Nothing is written when it returns the value it got.</summary>
    /// <param name="change">Called again on the fresh value when the store held another than expected.</param>
    /// <returns>The value after it.</returns>
    /// <exception cref="Exception">The write failed; whether the store has the change is unknown. What is known is as before.</exception>
    public async Task<T> ChangeAsync(Func<T, T> change)
    {
        writing = true;
        try
        {
            await WriteAsync(change(Known));
        }
        catch (InconsistentStateException)
        {
            // It was there after all, or an earlier write of ours failed here and succeeded there. Read what is true and decide again.
            stored = await LoadAsync();
            await WriteAsync(change(stored.State!));
        }
        finally
        {
            writing = false;
        }

        return Known;
    }

    private async Task WriteAsync(T next)
    {
        if (ReferenceEquals(next, Known))
            return;

        // What is stored stays untouched until the write is done.
        var write = new GrainState<T> { State = next, ETag = stored?.ETag, RecordExists = stored is { RecordExists: true } };
        await storage.WriteStateAsync(name, grain, write);
        stored = write;
    }

    private async Task<GrainState<T>> LoadAsync()
    {
        var read = new GrainState<T>();
        await storage.ReadStateAsync(name, grain, read);
        read.State ??= new T();
        return read;
    }
}
