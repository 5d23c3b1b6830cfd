using System.Globalization;
using System.Text.RegularExpressions;
using NetDiscovery.Gateway.Json;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary>Days of a usage record, both inclusive, GMT.</summary>
/// <param name="Start">First day.</param>
/// <param name="End">Last day.</param>
public readonly record struct TwilioPeriod(DateOnly Start, DateOnly End)
{
    /// <returns>True when the day is one of them.</returns>
    public bool Holds(DateOnly day) => day >= Start && day <= End;
}

/// <summary>Which periods each list of usage records has.</summary>
public static partial class TwilioPeriods
{
    private const int MaxDays = 366 * 10;

    // The calendar ends with it: there is no day after its last.
    private const int LastYear = 9999;

    /// <summary>The lists, as their paths end; the empty one and <c>AllTime</c> are the same.</summary>
    public static IReadOnlyList<string> Lists { get; } = ["AllTime", "Daily", "Monthly", "Yearly", "Today", "Yesterday", "ThisMonth", "LastMonth"];

    /// <summary>The periods a list has between two days.</summary>
    /// <param name="list">One of <see cref="Lists"/>, or empty.</param>
    /// <param name="range">What was asked for.</param>
    /// <param name="today">The present day.</param>
    public static IReadOnlyList<TwilioPeriod> Of(string list, TwilioPeriod range, DateOnly today)
    {
        var month = new DateOnly(today.Year, today.Month, 1);
        return list switch
        {
            "Today" => [new TwilioPeriod(today, today)],
            "Yesterday" => [new TwilioPeriod(today.AddDays(-1), today.AddDays(-1))],
            "ThisMonth" => [new TwilioPeriod(month, today)],
            "LastMonth" => [new TwilioPeriod(month.AddMonths(-1), month.AddDays(-1))],
            "Daily" => [.. Cut(range, static day => day.AddDays(1))],
            "Monthly" => [.. Cut(range, static day => new DateOnly(day.Year, day.Month, 1).AddMonths(1))],
            "Yearly" => [.. Cut(range, static day => new DateOnly(day.Year, 1, 1).AddYears(1))],
            _ => [range],
        };
    }

    /// <summary>Reads <c>StartDate</c> and <c>EndDate</c>: <c>yyyy-MM-dd</c>, or days from today as <c>-30days</c>.</summary>
    /// <param name="query">The request's.</param>
    /// <param name="since">Where it begins when it does not say.</param>
    /// <param name="today">Where it ends when it does not say.</param>
    /// <param name="errors">Takes what is wrong.</param>
    public static TwilioPeriod Range(IQueryCollection query, DateOnly since, DateOnly today, FieldErrors errors)
    {
        var start = Read(query, "StartDate", since, today, errors);
        var end = Read(query, "EndDate", today, today, errors);
        if (errors.IsEmpty && (end < start || end.DayNumber - start.DayNumber > MaxDays))
        {
            errors.Add("EndDate", "must not be before StartDate, nor ten years after it");
        }

        return new TwilioPeriod(start, end);
    }

    private static DateOnly Read(IQueryCollection query, string name, DateOnly otherwise, DateOnly today, FieldErrors errors)
    {
        var text = query[name].ToString();
        if (text.Length == 0)
        {
            return otherwise;
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date.Year is > 1 and < LastYear)
        {
            return date;
        }

        if (Offset().Match(text) is { Success: true } offset)
        {
            return today.AddDays(int.Parse(offset.Groups[1].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
        }

        errors.Add(name, "must be a date as 2026-09-01, or days from today as -30days");
        return otherwise;
    }

    private static IEnumerable<TwilioPeriod> Cut(TwilioPeriod range, Func<DateOnly, DateOnly> next)
    {
        for (var start = range.Start; start <= range.End; start = next(start))
        {
            var last = next(start).AddDays(-1);
            yield return new TwilioPeriod(start, last < range.End ? last : range.End);
        }
    }

    [GeneratedRegex("^([+-][0-9]{1,4})days?$", RegexOptions.CultureInvariant)]
    private static partial Regex Offset();
}
