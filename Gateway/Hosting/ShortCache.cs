using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace NetDiscovery.Gateway.Hosting;

/// <summary>Remembers answers for a moment and asks once for all who wait, so that a burst of requests is one grain call.</summary>
/// <param name="lifetime">How long an answer counts, from the moment it was asked for.</param>
/// <param name="capacity">Most answers held; beyond it, answers are not remembered.</param>
/// <param name="time">The clock.</param>
/// <param name="load">Asks; a failure or an answer that <paramref name="keep"/> refuses is not remembered.</param>
/// <param name="keep">Whether an answer may be remembered; null for all.</param>
public sealed class ShortCache<TKey, TValue>(
    TimeSpan lifetime, int capacity, TimeProvider time, Func<TKey, Task<TValue>> load, Func<TValue, bool>? keep = null) where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Entry> entries = new();

    private sealed record Entry(long AskedAt, Lazy<Task<TValue>> Answer);

    /// <returns>The remembered answer or a fresh one.</returns>
    public async Task<TValue> GetAsync(TKey key)
    {
        var now = time.GetTimestamp();
        if (entries.TryGetValue(key, out var known) && !IsOver(known, now))
        {
            return await known.Answer.Value;
        }

        if (entries.Count >= capacity)
        {
            DropExpired(now);
        }

        var entry = new Entry(now, new Lazy<Task<TValue>>(() => load(key)));
        if (entries.Count < capacity)
        {
            entry = known is null ? entries.GetOrAdd(key, entry) : entries.TryUpdate(key, entry, known) ? entry : entries.GetOrAdd(key, entry);
        }

        try
        {
            var value = await entry.Answer.Value;
            if (keep is not null && !keep(value))
            {
                entries.TryRemove(KeyValuePair.Create(key, entry));
            }

            return value;
        }
        catch
        {
            entries.TryRemove(KeyValuePair.Create(key, entry));
            throw;
        }
    }

    /// <returns>True when an answer is remembered and still counts; asks nobody.</returns>
    public bool TryGetRemembered(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (entries.TryGetValue(key, out var known) && !IsOver(known, time.GetTimestamp())
            && known.Answer is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            value = known.Answer.Value.Result;
            return keep is null || keep(value);
        }

        value = default;
        return false;
    }

    /// <summary>Forgets one answer.</summary>
    public void Forget(TKey key) => entries.TryRemove(key, out _);

    /// <summary>Forgets the answers that <paramref name="match"/> names, and all that are on their way.</summary>
    public void ForgetWhere(Func<TValue, bool> match)
    {
        foreach (var pair in entries)
        {
            if (pair.Value.Answer is not { IsValueCreated: true, Value.IsCompletedSuccessfully: true } || match(pair.Value.Answer.Value.Result))
            {
                entries.TryRemove(pair);
            }
        }
    }

    private void DropExpired(long now)
    {
        foreach (var pair in entries)
        {
            if (IsOver(pair.Value, now))
            {
                entries.TryRemove(pair);
            }
        }
    }

    private bool IsOver(Entry entry, long now) => time.GetElapsedTime(entry.AskedAt, now) >= lifetime;
}
