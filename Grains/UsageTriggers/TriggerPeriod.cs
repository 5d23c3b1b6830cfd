using System.Globalization;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.UsageTriggers;

/// <summary>One period of a kind: a day, a month, a year, or all time.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Number">Tells it from others of its kind: <c>20301231</c>. Part of the id of a firing, so it never changes.</param>
/// <param name="From">Start, UTC.</param>
/// <param name="To">End, exclusive.</param>
internal sealed record TriggerPeriod(UsagePeriod Kind, string Number, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>How long after its end a period is still looked at: what relays counted in its last seconds comes a little later, and from one that was cut off much later.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromHours(2);

    private static readonly DateTimeOffset Beginning = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How the ledger is asked for it.</summary>
    public UsageGranularity Granularity => Kind == UsagePeriod.Daily ? UsageGranularity.Day : UsageGranularity.Month;

    /// <summary>The period that a moment lies in.</summary>
    public static TriggerPeriod At(UsagePeriod kind, DateTimeOffset now)
    {
        var day = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        var (month, year) = (day.AddDays(1 - day.Day), day.AddDays(1 - day.DayOfYear));
        return kind switch
        {
            UsagePeriod.Daily => new TriggerPeriod(kind, Text(day, "yyyyMMdd"), day, day.AddDays(1)),
            UsagePeriod.Monthly => new TriggerPeriod(kind, Text(day, "yyyyMM"), month, month.AddMonths(1)),
            UsagePeriod.Yearly => new TriggerPeriod(kind, Text(day, "yyyy"), year, year.AddYears(1)),
            _ => new TriggerPeriod(kind, "all", Beginning, day.AddDays(1)),
        };
    }

    /// <summary>The periods to look at: the one that ended a moment ago, if there is one, then the present one.</summary>
    public static IEnumerable<TriggerPeriod> ToLookAt(UsagePeriod kind, DateTimeOffset now)
    {
        var present = At(kind, now);
        return kind != UsagePeriod.AllTime && now - present.From < Late ? [At(kind, present.From.AddHours(-1)), present] : [present];
    }

    private static string Text(DateTimeOffset day, string form) => day.ToString(form, CultureInfo.InvariantCulture);
}
