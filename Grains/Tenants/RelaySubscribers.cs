using System.Collections.Immutable;

namespace NetDiscovery.Grains.Tenants;

/// <summary>Who is told of a tenant's changes. Memory leads; the store follows as well as it can, and never keeps a relay from its snapshot.</summary>
internal sealed class RelaySubscribers
{
    /// <summary>Relays remembered for one tenant.</summary>
    public const int Max = 1_024;

    private static readonly TimeSpan Term = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly CoalescedWriter<TenantSubscribersState> writer;
    private readonly IPersistentState<TenantSubscribersState> stored;
    private readonly TimeProvider time;
    private readonly Action<Exception> notStored;
    private ImmutableSortedDictionary<string, DateTimeOffset>? until;
    private bool behind;

    public RelaySubscribers(IPersistentState<TenantSubscribersState> stored, TimeProvider time, Action<Exception> notStored)
    {
        this.stored = stored;
        this.time = time;
        this.notStored = notStored;
        writer = new CoalescedWriter<TenantSubscribersState>(stored, () => new TenantSubscribersState { Until = Until });
    }

    private ImmutableSortedDictionary<string, DateTimeOffset> Until => until ??= stored.State.Until;

    /// <returns>The relays whose term has not ended.</returns>
    public IReadOnlyList<string> Current()
    {
        var now = time.GetUtcNow();
        return [.. Until.Where(relay => relay.Value > now).Select(relay => relay.Key)];
    }

    /// <summary>Remembers a relay for an hour. Stored at most twice in a term if all goes well; returns within a second whether stored or not.</summary>
    public async Task AddAsync(string relayId)
    {
        var now = time.GetUtcNow();
        var known = Until.GetValueOrDefault(relayId);
        if (known - now > Term / 2 && !behind)
            return;

        var live = Until.RemoveRange(Until.Where(relay => relay.Value <= now).Select(relay => relay.Key));
        if (live.Count >= Max && !live.ContainsKey(relayId))
            live = live.Remove(live.MinBy(relay => relay.Value).Key);
        until = live.SetItem(relayId, now + Term);

        try
        {
            await writer.SaveAsync().WaitAsync(LongestWait, time);
            behind = false;
        }
        catch (Exception exception)
        {
            behind = true;
            notStored(exception);
        }
    }
}
