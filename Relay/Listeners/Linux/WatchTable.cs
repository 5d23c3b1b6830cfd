namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>
/// What the data path's thread waits for, by the keys that events carry. No key comes twice: an event that was on its way when its owner left
/// finds nobody. Used inside the worker.
/// </summary>
internal sealed class WatchTable
{
    private readonly List<(ulong Key, object? Owner)> slots = [];
    private readonly Stack<int> free = new();
    private uint generation;

    /// <returns>The key of <paramref name="owner"/>'s events.</returns>
    public ulong Add(object owner)
    {
        if (!free.TryPop(out var slot))
        {
            slot = slots.Count;
            slots.Add(default);
        }

        var key = ((ulong)++generation << 32) | (uint)slot;
        slots[slot] = (key, owner);
        return key;
    }

    /// <returns>Whose events carry the key; null when it has left.</returns>
    public object? Find(ulong key) => (uint)key < (uint)slots.Count && slots[(int)(uint)key] is var (known, owner) && known == key ? owner : null;

    /// <summary>Forgets an owner. Its key stays unused.</summary>
    public void Remove(ulong key)
    {
        if (Find(key) is not null)
        {
            slots[(int)(uint)key] = default;
            free.Push((int)(uint)key);
        }
    }
}
