using System.Collections.Concurrent;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.UsageTriggers;

namespace NetDiscovery.Grains.Tests.UsageTriggers;

public sealed class UsageTriggerChangesTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 31, 23, 30, 0, TimeSpan.Zero);

    private readonly FakeLedger ledger = new();
    private readonly TenantId tenant = TenantId.New();

    public UsageTriggerChangesTests() => ledger.Booked[tenant] = new ConcurrentDictionary<(string, DateTimeOffset), UsageTotals>();

    [Theory]
    [InlineData(UsagePeriod.Daily, 24)]
    [InlineData(UsagePeriod.Monthly, 24 * 32)]
    [InlineData(UsagePeriod.Yearly, 24 * 366)]
    public async Task A_recurring_trigger_fires_once_in_each_period(UsagePeriod period, int hours)
    {
        var (state, now) = (With(period), Start);
        for (var round = 0; round < 4; round++)
        {
            Book(2_000_000, now);
            for (var again = 0; again < 3; again++)
                state = await LookAsync(state, now.AddSeconds(again));
            Assert.Equal(round + 1, state.Outbox.Length);
            now += TimeSpan.FromHours(hours);
        }

        Assert.Equal(4, state.Outbox.Select(call => call.Id).Distinct().Count());
        Assert.Equal([1L, 2L, 3L, 4L], state.Outbox.Select(call => call.Sequence));
        Assert.Equal(3, state.Triggers[0].Fired.Length);
    }

    [Fact]
    public async Task A_trigger_for_all_time_fires_once()
    {
        var state = With(UsagePeriod.AllTime);
        for (var day = 0; day < 40; day++)
        {
            Book(500_000, Start.AddDays(day));
            state = await LookAsync(state, Start.AddDays(day));
        }

        Assert.Equal(Start.AddDays(1), state.Outbox.Single().At);
    }

    // Relays report what they counted in the last seconds of a day after midnight.
    [Fact]
    public async Task Usage_of_the_day_before_that_came_late_fires_the_day_befores_trigger()
    {
        var (state, midnight) = (With(UsagePeriod.Daily), new DateTimeOffset(2030, 2, 1, 0, 0, 0, TimeSpan.Zero));
        Book(5_000_000, midnight);
        state = await LookAsync(state, midnight);
        Book(5_000_000, Start);
        state = await LookAsync(state, midnight.AddMinutes(5));
        state = await LookAsync(state, midnight.AddMinutes(6));
        Assert.Equal([Id("20300201f"), Id("20300131f")], state.Outbox.Select(call => call.Id));

        string Id(string number) => new CallbackEventId(CallbackSubject.UsageTrigger, state.Triggers[0].Trigger.Id.Value, number).ToString();
    }

    [Fact]
    public async Task A_day_that_ended_before_the_trigger_was_made_does_not_fire_it()
    {
        Book(5_000_000, Start);
        Assert.Empty((await LookAsync(With(UsagePeriod.Daily, made: Start.AddHours(1)), Start.AddHours(1))).Outbox);
    }

    [Theory]
    [InlineData(UsagePeriod.Daily, "20300131", "2030-01-31", "2030-02-01")]
    [InlineData(UsagePeriod.Monthly, "203001", "2030-01-01", "2030-02-01")]
    [InlineData(UsagePeriod.Yearly, "2030", "2030-01-01", "2031-01-01")]
    public void A_period_begins_and_ends_at_midnight_utc(UsagePeriod kind, string number, string from, string to)
    {
        var period = TriggerPeriod.At(kind, Start.ToOffset(TimeSpan.FromHours(9)));
        Assert.Equal((number, from, to), (period.Number, $"{period.From:yyyy-MM-dd}", $"{period.To:yyyy-MM-dd}"));
        Assert.Equal(TimeSpan.Zero, period.From.TimeOfDay);
    }

    [Fact]
    public void There_are_only_so_many()
    {
        var state = new UsageTriggersState();
        for (var number = 0; number < UsageTriggerChanges.MaxTriggers; number++)
            (state, _) = state.Create(Request(UsagePeriod.Daily), 0, Start);
        var (after, made) = state.Create(Request(UsagePeriod.Daily), 0, Start);
        Assert.Null(made);
        Assert.Same(state, after);
    }

    private TriggerLedger Ledger => new(ledger, new FakeTenantIndex(new FakeGrainStorage()));

    private async Task<UsageTriggersState> LookAsync(UsageTriggersState state, DateTimeOffset now)
    {
        foreach (var period in TriggerPeriod.ToLookAt(state.Triggers[0].Trigger.Recurring, now))
            state = state.Fire(tenant, period, await Ledger.SumAsync([tenant], period), isHeard: false, now);
        return state;
    }

    private void Book(long bytes, DateTimeOffset at) =>
        ledger.Booked[tenant].AddOrUpdate(("eu", at), _ => new UsageTotals { BytesToClient = bytes }, (_, known) => known + new UsageTotals { BytesToClient = bytes });

    private static UsageTriggersState With(UsagePeriod period, DateTimeOffset? made = null) => new UsageTriggersState().Create(Request(period), 0, made ?? Start).Next;

    private static CreateUsageTrigger Request(UsagePeriod period) =>
        new(UsageTriggerId.New(), "", null, UsageMeasure.Megabytes, period, 1, UsageBase.Zero, "https://a.example/", CallbackForm.TwilioPost);
}
