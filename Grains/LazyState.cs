using Orleans.Storage;

namespace NetDiscovery.Grains;

/// <summary>Copy-on-write over stored state, read only when somebody must know it, and packed between calls: for grains there are very many of.</summary>
/// <remarks>
/// What is most likely new is written without a look. Belongs to one activation. One change at a time; reads may interleave with it. Takes the place of
/// Orleans' persistent state for grains that live for seconds or wait for minutes: that one reads on every activation, and takes several times the memory.
/// </remarks>
/// <typeparam name="T">An immutable record; a new one stands for "nothing is stored".</typeparam>
internal sealed class LazyState<T>(IGrainStorage storage, IGrainContext grain) where T : class, IPackable<T>, new()
{
    private static readonly T Nothing = new();

    // The state, or its bytes, or null: it is not known.
    private object? held;
    private string? etag;
    private bool writing;

    /// <summary>What is stored as far as it has been read or written here; a new value when neither has happened.</summary>
    public T Known
    {
        get
        {
            if (held is byte[] packed)
                held = T.Unpack(grain.GrainId, packed);
            return held as T ?? Nothing;
        }
    }

    /// <summary>What is stored. Asks the store only when it is not known.</summary>
    public async ValueTask<T> ReadAsync()
    {
        if (held is null)
        {
            var read = await LoadAsync();
            if (held is null && writing)
                return read.State!; // Whoever writes without having read takes care of what is there.
            if (held is null)
                (held, etag) = (read.State, read.ETag);
        }

        return Known;
    }

    /// <summary>What is stored, whatever is known here.</summary>
    public async Task<T> LookAsync() => (await LoadAsync()).State!;

    /// <summary>Nothing is known any more. Not while a change is being stored.</summary>
    public void Forget() => (held, etag) = (null, null);

    /// <summary>Stores what <paramref name="change"/> makes of <see cref="Known"/>. Nothing is written when it returns the value it got.</summary>
    /// <param name="change">Called again on the fresh value when the store held another than expected.</param>
    /// <returns>The value after it.</returns>
    /// <exception cref="Exception">The write failed; whether the store has the change is unknown. What is known is as before.</exception>
    public async Task<T> ChangeAsync(Func<T, T> change)
    {
        writing = true;
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var next = change(Known);
                if (ReferenceEquals(next, Known))
                    return next;

                // What is held stays as it is until the write is done.
                var write = new GrainState<T> { State = next, ETag = etag, RecordExists = etag is not null };
                try
                {
                    await storage.WriteStateAsync(T.StateName, grain.GrainId, write);
                    (held, etag) = (next, write.ETag);
                    return next;
                }
                catch (InconsistentStateException) when (attempt == 1)
                {
                    // It was there after all, or an earlier write of ours failed here and succeeded there. Read what is true and decide again.
                    var read = await LoadAsync();
                    (held, etag) = (read.State, read.ETag);
                }
            }
        }
        finally
        {
            writing = false;
        }
    }

    /// <summary>Nobody works with it for now. What <see cref="Known"/> gave before is another object than what it gives next, of the same value.</summary>
    public void Rest()
    {
        if (!writing && held is T known)
            held = known.Pack();
    }

    private async Task<GrainState<T>> LoadAsync()
    {
        var read = new GrainState<T>();
        await storage.ReadStateAsync(T.StateName, grain.GrainId, read);
        read.State ??= new T();
        return read;
    }
}
