using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Usage;

/// <summary>Query of <c>GET /v1/usage</c>, as text: it is checked as a whole.</summary>
public sealed record UsageParameters
{
    private const int MaxYears = 10;

    /// <summary>Start, inclusive: an RFC 3339 time or a date, which stands for its midnight in UTC. Default: the start of the current month.</summary>
    [FromQuery(Name = "from"), Description("Start, inclusive: an RFC 3339 time or a date, which stands for its midnight in UTC. Default: the start of the current month.")]
    public string? From { get; init; }

    /// <summary>End, exclusive, as <see cref="From"/>. Default: now.</summary>
    [FromQuery(Name = "to"), Description("End, exclusive, as `from`. Default: now.")]
    public string? To { get; init; }

    /// <summary><c>hour</c>, <c>day</c> (default) or <c>month</c>, in UTC.</summary>
    [FromQuery(Name = "granularity"), Description("`hour`, `day` (default) or `month`, in UTC.")]
    public string? Granularity { get; init; }

    /// <summary>What to keep apart, separated by commas: <c>region, session, label, relay, transport</c>, for the operator also <c>tenant</c>.</summary>
    [FromQuery(Name = "groupBy"), Description("What to keep apart, separated by commas: `region, session, label, relay, transport`, for the operator also `tenant`.")]
    public string[]? GroupBy { get; init; }

    /// <summary>Only this session's.</summary>
    [FromQuery(Name = "session"), Description("Only this session's.")]
    public string? Session { get; init; }

    /// <summary>The <c>next</c> of the page before.</summary>
    [FromQuery(Name = "after"), Description("The `next` of the page before.")]
    public string? After { get; init; }

    /// <summary>Items on a page, 1 to 500; 100 when left out.</summary>
    [FromQuery(Name = "limit"), Description("Items on a page, 1 to 500; 100 when left out.")]
    public string? Limit { get; init; }

    /// <summary>The query for the ledger; to be used only when nothing was noted.</summary>
    public UsageQuery Read(TenantId? tenant, bool mayGroupByTenant, DateTimeOffset now, FieldErrors errors)
    {
        var to = ReadTime("to", To, now, errors);
        var from = ReadTime("from", From, new DateTimeOffset(to.Year, to.Month, 1, 0, 0, 0, TimeSpan.Zero), errors);
        if (errors.IsEmpty && (from >= to || to - from > TimeSpan.FromDays(366 * MaxYears)))
        {
            errors.Add("to", $"must be later than 'from' (it is exclusive) by at most {MaxYears} years");
        }

        var granularity = UsageGranularity.Day;
        if (Granularity is not null && !TryName(Granularity, out granularity))
        {
            errors.Add("granularity", "must be one of hour, day, month");
        }

        var page = new PageQuery { After = After, Limit = Limit };
        var offset = page.Number<int>(errors) ?? 0;
        var limit = page.CheckedLimit(errors);
        return new UsageQuery(tenant, string.IsNullOrEmpty(Session) ? null : Session, from, to, granularity, ReadGroups(mayGroupByTenant, errors), offset, limit);
    }

    private UsageGroups ReadGroups(bool mayGroupByTenant, FieldErrors errors)
    {
        var groups = UsageGroups.None;
        foreach (var name in (GroupBy ?? []).SelectMany(static names => names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            if (TryName(name, out UsageGroups group) && group != UsageGroups.None && (group != UsageGroups.Tenant || mayGroupByTenant))
            {
                groups |= group;
            }
            else
            {
                errors.AddUnlessKnown("groupBy", $"must be any of region, session, label, relay, transport{(mayGroupByTenant ? ", tenant" : "")}");
            }
        }

        return groups;
    }

    private static bool TryName<T>(string text, out T value) where T : struct, Enum
    {
        value = default;
        return text.All(char.IsAsciiLetterLower) && Enum.TryParse(text, ignoreCase: true, out value);
    }

    internal static DateTimeOffset ReadTime(string field, string? text, DateTimeOffset otherwise, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(text))
        {
            return otherwise;
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            return new DateTimeOffset(date, TimeOnly.MinValue, TimeSpan.Zero);
        }

        // A '+' that was not escaped arrives as a space.
        if (DateTimeOffset.TryParseExact(
            text.Replace(' ', '+'), ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time.ToUniversalTime();
        }

        errors.Add(field, "must be a date (2026-01-31) or an RFC 3339 time (2026-01-31T13:00:00Z)");
        return otherwise;
    }
}
