using NetDiscovery.Grains.Callbacks;
using NetDiscovery.Grains.Interfaces.Callbacks;

namespace NetDiscovery.Grains.Tests.Callbacks;

public sealed class CallbackChangesTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Events_taken_twice_are_there_once()
    {
        var (state, _) = new CallbackState().Accept([Event(1), Event(2)], Start);
        var (again, refused) = state.Accept([Event(1), Event(2), Event(3)], Start);

        Assert.Equal([1L, 2L, 3L], again.Deliveries.Select(delivery => delivery.Event.Sequence));
        Assert.Equal(0, refused);
        Assert.Same(again, again.Accept([Event(2)], Start).Next);
    }

    [Fact]
    public void An_event_waits_for_the_one_before_it_and_not_for_one_of_another_form()
    {
        var (state, _) = new CallbackState().Accept([Event(1), Event(2), Event(3, CallbackForm.TwilioPost)], Start);
        state = state.Attempted(Id(1), Failed(Start), Start);

        Assert.Equal(Id(3), state.Next()!.Event.Id);
        state = state.Attempted(Id(3), Taken(Start), Start);
        Assert.Equal(Id(1), state.Next()!.Event.Id);
        state = state.Attempted(Id(1), Taken(Start), Start);
        Assert.Equal(Id(2), state.Next()!.Event.Id);
        Assert.Null(state.Attempted(Id(2), Taken(Start), Start).Next());
    }

    [Fact]
    public void Pauses_double_up_to_an_hour_and_end_after_a_day()
    {
        var (state, _) = new CallbackState().Accept([Event(1)], Start);
        var (now, pauses) = (Start, new List<TimeSpan>());
        while (state.Next() is { } delivery)
        {
            now = delivery.NextAttemptAt!.Value;
            state = state.Attempted(Id(1), Failed(now), now);
            if (state.Next() is { } next)
                pauses.Add(next.NextAttemptAt!.Value - now);
        }

        Assert.Equal(CallbackStatus.Failed, state.Find(Id(1))!.Status);
        Assert.Equal(Start + TimeSpan.FromHours(24), now);
        Assert.InRange(pauses[0], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.1));
        Assert.InRange(pauses[5], TimeSpan.FromSeconds(32), TimeSpan.FromSeconds(35.2));
        Assert.InRange(pauses[^2], TimeSpan.FromHours(1), TimeSpan.FromHours(1.1));
        Assert.InRange(state.Find(Id(1))!.Attempts, 30, 40);
        Assert.Equal(CallbackDelivery.MaxAttemptsKept, state.Find(Id(1))!.LastAttempts.Length);
        Assert.Null(state.DueMilliseconds);
    }

    [Fact]
    public void What_finds_no_room_is_refused_and_seen_as_a_gap()
    {
        var (state, refused) = new CallbackState().Accept([.. Enumerable.Range(1, CallbackChanges.MaxPending + 3).Select(number => Event(number))], Start);
        Assert.Equal((CallbackChanges.MaxPending, 3), (state.Deliveries.Length, refused));

        state = state.Attempted(Id(1), Taken(Start), Start);
        (state, refused) = state.Accept([Event(2_000)], Start);
        Assert.Equal((0, 2_000L), (refused, state.Deliveries[^1].Event.Sequence));
    }

    [Fact]
    public void The_log_keeps_the_last_settled_deliveries_and_all_that_wait()
    {
        var state = new CallbackState();
        for (var number = 1; number <= CallbackChanges.MaxSettled + 20; number++)
        {
            (state, _) = state.Accept([Event(number)], Start);
            state = state.Attempted(Id(number), Taken(Start), Start);
        }

        (state, _) = state.Accept([Event(500)], Start);
        Assert.Equal((CallbackChanges.MaxSettled + 1, 21L, 500L), (state.Deliveries.Length, state.Deliveries[0].Event.Sequence, state.Deliveries[^1].Event.Sequence));
    }

    [Fact]
    public void A_delivery_that_was_asked_for_again_holds_up_none_and_gives_up_by_itself()
    {
        var (state, _) = new CallbackState().Accept([Event(1), Event(2)], Start);
        state = state.Attempted(Id(1), Taken(Start), Start);
        var later = Start + TimeSpan.FromDays(3);
        (state, var again) = state.Redeliver(Id(1), later);
        Assert.Equal((CallbackStatus.Pending, later), (again!.Status, again.NextAttemptAt!.Value));

        state = state.Attempted(Id(1), Failed(later), later);
        Assert.Equal(Id(2), state.Next()!.Event.Id);
        state = state.Attempted(Id(2), Taken(later), later);
        Assert.Equal(Id(1), state.Next()!.Event.Id);
        Assert.Equal(CallbackStatus.Failed, state.Attempted(Id(1), Failed(later), later + TimeSpan.FromHours(24)).Find(Id(1))!.Status);
        Assert.Null(state.Redeliver("EVs-none", later).Delivery);
    }

    [Theory]
    [InlineData("EVs0195bbbb00000000000000000000abcd-1", true)]
    [InlineData("EVu0195bbbb00000000000000000000abcd-20300101", true)]
    [InlineData("EVx0195bbbb00000000000000000000abcd-1", false)]
    [InlineData("EVs0195bbbb00000000000000000000abcd-", false)]
    [InlineData("EVs0195bbbb00000000000000000000abcd-1.2", false)]
    [InlineData("EVs0195bbbb00000000000000000000abcd1", false)]
    [InlineData("EVs0195bbbb00000000000000000000abc-123456", false)]
    [InlineData("EVs0195bbbb00000000000000000000abcd-123456789012345678901", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void An_events_id_has_one_form(string? text, bool good)
    {
        Assert.Equal(good, CallbackEventId.TryParse(text, out var id));
        if (good)
            Assert.Equal(text, id.ToString());
    }

    private static string Id(long number) => new CallbackEventId(CallbackSubject.Session, Guid.Empty, $"{number}").ToString();

    private static CallbackEvent Event(long number, CallbackForm form = CallbackForm.StandardWebhook) => new(Id(number), number, "session.created", Start, "{}", form, null);

    private static CallbackAttempt Failed(DateTimeOffset at) => new(at, 500, "it answered 500", 1);

    private static CallbackAttempt Taken(DateTimeOffset at) => new(at, 200, null, 1);
}
