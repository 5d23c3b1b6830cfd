using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>Hours, days and months in UTC.</summary>
internal static class UsageInterval
{
    /// <returns>Start of the interval that <paramref name="time"/> is in.</returns>
    public static DateTimeOffset Start(DateTimeOffset time, UsageGranularity granularity)
    {
        var utc = time.UtcDateTime;
        return granularity switch
        {
            UsageGranularity.Hour => StorageTime.Hour(time),
            UsageGranularity.Day => new DateTimeOffset(utc.Year, utc.Month, utc.Day, 0, 0, 0, TimeSpan.Zero),
            UsageGranularity.Month => new DateTimeOffset(utc.Year, utc.Month, 1, 0, 0, 0, TimeSpan.Zero),
            _ => throw new ArgumentOutOfRangeException(nameof(granularity)),
        };
    }

    /// <returns>End of the interval that starts at <paramref name="start"/>.</returns>
    public static DateTimeOffset End(DateTimeOffset start, UsageGranularity granularity) => granularity switch
    {
        UsageGranularity.Hour => start.AddHours(1),
        UsageGranularity.Day => start.AddDays(1),
        _ => start.AddMonths(1),
    };

    /// <returns><paramref name="time"/> when an interval starts there, else the end of its interval.</returns>
    public static DateTimeOffset RoundUp(DateTimeOffset time, UsageGranularity granularity) =>
        Start(time, granularity) is var start && start == time ? start : End(start, granularity);
}
