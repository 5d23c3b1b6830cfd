using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Callbacks;

namespace NetDiscovery.Grains.Callbacks;

/// <summary>The rules of delivery, as functions from state to state. No clock, no network.</summary>
internal static class CallbackChanges
{
    /// <summary>Events of one subject that may wait; what comes beyond is not taken, and receivers see the gap in the sequence.</summary>
    public const int MaxPending = 1_000;

    /// <summary>Settled deliveries of one subject that are kept for the log.</summary>
    public const int MaxSettled = 100;

    /// <summary>How long an event is tried.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    /// <summary>The pause after the first failed attempt; doubles with each.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    /// <summary>Takes events over; those taken before change nothing.</summary>
    /// <returns>The next state, and how many events found no room.</returns>
    public static (CallbackState Next, int Refused) Accept(this CallbackState state, ImmutableArray<CallbackEvent> events, DateTimeOffset now)
    {
        var news = events.Where(happened => happened.Sequence > state.LastSequence).ToList();
        if (news.Count == 0)
            return (state, 0);

        var room = MaxPending - state.Deliveries.Count(delivery => delivery.Status == CallbackStatus.Pending);
        var taken = news.Take(Math.Max(0, room)).Select(happened => new CallbackDelivery { Event = happened, NextAttemptAt = now, GiveUpAt = now + Patience });
        return ((state with { LastSequence = news[^1].Sequence, Deliveries = [.. state.Deliveries, .. taken] }).Settle(), news.Count - Math.Min(news.Count, Math.Max(0, room)));
    }

    /// <summary>What is to be tried next: of each form its oldest waiting event, and what is sent again; of those what is due first.</summary>
    public static CallbackDelivery? Next(this CallbackState state)
    {
        var waiting = state.Deliveries.Where(delivery => delivery.Status == CallbackStatus.Pending).ToList();
        return waiting.Where(delivery => delivery.Again).Concat(waiting.Where(delivery => !delivery.Again).DistinctBy(delivery => delivery.Event.Form))
            .MinBy(delivery => delivery.NextAttemptAt);
    }

    /// <summary>Notes an attempt.</summary>
    public static CallbackState Attempted(this CallbackState state, string eventId, CallbackAttempt attempt, DateTimeOffset now)
    {
        if (state.Find(eventId) is not { Status: CallbackStatus.Pending } delivery)
            return state;

        var attempts = delivery.LastAttempts.Length < CallbackDelivery.MaxAttemptsKept ? delivery.LastAttempts : delivery.LastAttempts.RemoveAt(0);
        var tried = delivery with { Attempts = delivery.Attempts + 1, LastAttempts = attempts.Add(attempt) };
        if (attempt.Problem is null)
            return state.Put(delivery, tried with { Status = CallbackStatus.Delivered, NextAttemptAt = null });
        tried = tried with { Failures = delivery.Failures + 1 };
        return now >= delivery.GiveUpAt
            ? state.Put(delivery, tried with { Status = CallbackStatus.Failed, NextAttemptAt = null })
            : state.Put(delivery, tried with { NextAttemptAt = Earlier(now + Pause(tried), delivery.GiveUpAt) });
    }

    /// <summary>Nobody is there to receive an event.</summary>
    public static CallbackState Drop(this CallbackState state, string eventId) => state.Find(eventId) is { Status: CallbackStatus.Pending } delivery
        ? state.Put(delivery, delivery with { Status = CallbackStatus.Dropped, NextAttemptAt = null })
        : state;

    /// <summary>Sends an event again, at once; one that waits already is tried now.</summary>
    public static (CallbackState Next, CallbackDelivery? Delivery) Redeliver(this CallbackState state, string eventId, DateTimeOffset now)
    {
        if (state.Find(eventId) is not { } delivery)
            return (state, null);

        var again = delivery.Status == CallbackStatus.Pending
            ? delivery with { NextAttemptAt = now }
            : delivery with { Status = CallbackStatus.Pending, Again = true, NextAttemptAt = now, GiveUpAt = now + Patience, Failures = 0 };
        return (state.Put(delivery, again), again);
    }

    /// <returns>The delivery of an event, or null.</returns>
    public static CallbackDelivery? Find(this CallbackState state, string eventId) => state.Deliveries.FirstOrDefault(delivery => delivery.Event.Id == eventId);

    /// <summary>The pause after a failed attempt. A tenth of it differs from event to event, so that those of an outage do not all come back at once.</summary>
    internal static TimeSpan Pause(CallbackDelivery delivery)
    {
        var pause = Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Clamp(delivery.Failures - 1, 0, 12));
        var spread = delivery.Event.Id.Aggregate(0, (sum, character) => ((sum * 31) + character) % 1_000);
        return TimeSpan.FromTicks(pause + (pause / 10 * spread / 1_000));
    }

    private static DateTimeOffset Earlier(DateTimeOffset left, DateTimeOffset right) => left < right ? left : right;

    private static CallbackState Put(this CallbackState state, CallbackDelivery before, CallbackDelivery after) =>
        (state with { Deliveries = state.Deliveries.Replace(before, after) }).Settle();

    // Drops what the log need not keep, and says when there is something to do.
    private static CallbackState Settle(this CallbackState state)
    {
        var settled = state.Deliveries.Count(delivery => delivery.Status != CallbackStatus.Pending) - MaxSettled;
        if (settled > 0)
            state = state with { Deliveries = [.. state.Deliveries.Where(delivery => delivery.Status == CallbackStatus.Pending || settled-- <= 0)] };
        return state with { DueMilliseconds = state.Next()?.NextAttemptAt?.ToUnixTimeMilliseconds() };
    }
}
