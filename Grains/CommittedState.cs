using Orleans.Storage;

namespace NetDiscovery.Grains;

/// <summary>Copy-on-write over stored state: <see cref="Value"/> is always what is stored, never a change that may yet fail.</summary>
/// <remarks>Belongs to one activation. One change at a time; <see cref="Value"/> may be read by interleaved calls meanwhile.</remarks>
/// <typeparam name="T">An immutable record.</typeparam>
internal sealed class CommittedState<T>(IPersistentState<T> stored) where T : class
{
    private T? committed;

    /// <summary>The stored value.</summary>
    public T Value => committed ??= stored.State;

    /// <summary>Stores what <paramref name="change"/> makes of the value. Nothing is written when it returns the value it got.</summary>
    /// <param name="change">A pure function; called again on the fresh value when the store held another version than expected.</param>
    /// <exception cref="Exception">The write failed; <see cref="Value"/> is as before. Whether the store has the change is unknown.</exception>
    public async Task<TResult> ChangeAsync<TResult>(Func<T, (T Next, TResult Result)> change)
    {
        var (next, result) = change(Value);
        if (ReferenceEquals(next, Value))
            return result;

        try
        {
            await WriteAsync(next);
        }
        catch (InconsistentStateException)
        {
            // Most often an earlier write of ours that failed here and succeeded there. Read what is true and decide again.
            await stored.ReadStateAsync();
            committed = stored.State;
            (next, result) = change(committed);
            if (!ReferenceEquals(next, committed))
                await WriteAsync(next);
        }

        return result;
    }

    private async Task WriteAsync(T next)
    {
        var before = Value;
        stored.State = next;
        try
        {
            await stored.WriteStateAsync();
        }
        catch
        {
            stored.State = before;
            throw;
        }

        committed = next;
    }
}
