namespace NetDiscovery.Silo.Callbacks;

/// <summary>Calls under way at once: bounded as a whole, and for one receiver so that a slow one does not take the others' places.</summary>
internal sealed class ReceiverSlots : IDisposable
{
    private const int Groups = 64;
    private const int AtOnce = 16;

    private readonly SemaphoreSlim[] groups = [.. Enumerable.Range(0, Groups).Select(_ => new SemaphoreSlim(AtOnce))];

    /// <summary>Waits for a place. Receivers are thrown together by host: a fixed number of groups can't be filled up by names that tenants make up.</summary>
    public async Task<IDisposable> EnterAsync(Uri url)
    {
        var group = groups[(uint)url.Host.GetHashCode(StringComparison.OrdinalIgnoreCase) % Groups];
        await group.WaitAsync();
        return new Place(group);
    }

    public void Dispose()
    {
        foreach (var group in groups)
        {
            group.Dispose();
        }
    }

    private sealed class Place(SemaphoreSlim group) : IDisposable
    {
        public void Dispose() => group.Release();
    }
}
