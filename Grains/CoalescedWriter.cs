using Orleans.Storage;

namespace NetDiscovery.Grains;

/// <summary>Stores a value that goes on changing in memory: one write at a time; whoever asks during a write shares the next one.</summary>
/// <remarks>For state where memory leads and the store follows. Belongs to one activation and runs on its turns.</remarks>
/// <param name="stored">Where to write.</param>
/// <param name="current">Gives the value in memory.</param>
/// <param name="written">Told of each value that is stored.</param>
/// <param name="yields">False: a value stored by somebody else is overwritten, for memory is rebuilt from what others say. True: the write fails.</param>
internal sealed class CoalescedWriter<T>(IPersistentState<T> stored, Func<T> current, bool yields = false, Action<T>? written = null)
{
    private TaskCompletionSource? wanted;
    private bool writing;

    /// <summary>Returns when the value of now, or a later one, is stored; throws when the write failed.</summary>
    public Task SaveAsync()
    {
        wanted ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var save = wanted.Task;
        if (!writing)
            _ = WriteWhileWantedAsync();
        return save;
    }

    private async Task WriteWhileWantedAsync()
    {
        writing = true;
        while (wanted is { } waiting)
        {
            wanted = null;
            try
            {
                await WriteAsync();
                waiting.SetResult();
            }
            catch (Exception exception)
            {
                waiting.SetException(exception);
            }
        }

        writing = false;
    }

    private async Task WriteAsync()
    {
        try
        {
            var value = stored.State = current();
            await stored.WriteStateAsync();
            written?.Invoke(value);
        }
        catch (InconsistentStateException) when (!yields)
        {
            // An earlier write of ours that failed here and succeeded there: take its version, then write what memory holds now.
            await stored.ReadStateAsync();
            stored.State = current();
            await stored.WriteStateAsync();
        }
    }
}
