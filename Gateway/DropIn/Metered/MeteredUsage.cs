using System.Globalization;
using System.Text;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.DropIn.Metered;

/// <summary>Usage as Metered counts it: relayed data of both directions, in gigabytes of 1,000,000,000 bytes. A user is a label.</summary>
public static class MeteredUsage
{
    private const int UsersOnPage = 100;
    private const int DaysOnPage = 7;
    private const int MaxDays = 92;
    private const int LastYear = 9999;
    private const string DateForm = "yyyy-MM-dd";

    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder first, RouteGroupBuilder second)
    {
        first.MapGet("/current_usage", CurrentAsync);
        first.MapGet("/current_usage_for_user", OfUserAsync);
        second.MapGet("/current_usage_by_user", ByUserAsync);
        second.MapGet("/usage_daily_by_user", DailyAsync);
    }

    private static async Task<IResult> CurrentAsync(HttpContext http, RegionalUsage ledgers, TenantSnapshots snapshots, TimeProvider time)
    {
        if (!MeteredCredentials.TryTenant(http, out var tenant, out var refusal))
        {
            return refusal;
        }

        var (rows, problem) = await ReadAsync(ledgers, tenant, MonthOf(time), UsageGranularity.Month, UsageGroups.None);
        if (problem is not null)
        {
            return problem;
        }

        var used = rows.Sum(static row => Relayed(row.Totals));
        var quota = (await snapshots.GetAsync(tenant))?.Discovery.Quotas.RelayedBytesPerMonth;
        return MeteredJson.Answer(new
        {
            quotaInGB = MeteredJson.Gigabytes(quota ?? 0), usageInGB = MeteredJson.Gigabytes(used), overageInGB = MeteredJson.Gigabytes(quota is { } most ? Math.Max(0, used - most) : 0),
        });
    }

    private static async Task<IResult> OfUserAsync(HttpContext http, IGrainFactory grains, RegionalUsage ledgers, TimeProvider time)
    {
        if (!MeteredCredentials.TryTenant(http, out var tenant, out var refusal))
        {
            return refusal;
        }

        var username = http.Request.Query["username"].ToString();
        if (await LabelOfAsync(grains, tenant, username) is not { } label)
        {
            return new Problem(ProblemCodes.Unauthenticated, "Credential not found");
        }

        var (rows, problem) = await ReadAsync(ledgers, tenant, MonthOf(time), UsageGranularity.Month, UsageGroups.Label);
        return problem ?? MeteredJson.Answer(new { usageInGB = MeteredJson.Gigabytes(rows.Where(row => row.Label == label).Sum(static row => Relayed(row.Totals))) });
    }

    private static async Task<IResult> ByUserAsync(HttpContext http, RegionalUsage ledgers, TimeProvider time)
    {
        if (!MeteredCredentials.TryTenant(http, out var tenant, out var refusal))
        {
            return refusal;
        }

        var errors = new FieldErrors();
        var page = MeteredPage.Number(http.Request.Query, errors);
        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var (rows, problem) = await ReadAsync(ledgers, tenant, MonthOf(time), UsageGranularity.Month, UsageGroups.Label);
        if (problem is not null)
        {
            return problem;
        }

        var users = Users(rows);
        var skipped = (page - 1) * UsersOnPage;
        return MeteredJson.Answer(new Dictionary<string, object> { ["data"] = users.Skip(skipped).Take(UsersOnPage), ["has_more"] = users.Count > skipped + UsersOnPage });
    }

    private static async Task<IResult> DailyAsync(HttpContext http, RegionalUsage ledgers, TimeProvider time)
    {
        if (!MeteredCredentials.TryTenant(http, out var tenant, out var refusal))
        {
            return refusal;
        }

        var (query, errors) = (http.Request.Query, new FieldErrors());
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var page = MeteredPage.Number(query, errors);
        var start = Day(query, "startDate", today.AddDays(1 - DaysOnPage), errors);
        var end = Day(query, "endDate", today, errors);
        var days = end.DayNumber - start.DayNumber + 1;
        if (errors.IsEmpty && days is < 1 or > MaxDays)
        {
            errors.Add("endDate", $"must not be before startDate, nor {MaxDays} days after it");
        }

        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var pages = (days + DaysOnPage - 1) / DaysOnPage;
        var from = start.AddDays(Math.Min(page - 1, pages) * DaysOnPage);
        var to = from.AddDays(DaysOnPage - 1) is var last && last < end ? last : end;
        var (rows, problem) = from > end ? ([], null) : await ReadAsync(ledgers, tenant, (Midnight(from), Midnight(to.AddDays(1))), UsageGranularity.Day, UsageGroups.Label);
        if (problem is not null)
        {
            return problem;
        }

        var byDay = rows.ToLookup(static row => DateOnly.FromDateTime(row.From.UtcDateTime));
        return MeteredJson.Answer(new
        {
            data = Enumerable.Range(0, Math.Max(0, to.DayNumber - from.DayNumber + 1)).Select(from.AddDays).Select(day => new { date = Text(day), usage = Users(byDay[day]) }),
            pagination = new Dictionary<string, object>
            {
                ["current_page"] = page, ["days_per_page"] = DaysOnPage, ["has_more"] = page < pages, ["total_days"] = days, ["total_pages"] = pages,
            },
            period = new Dictionary<string, string> { ["start"] = Text(start), ["end"] = Text(end), ["page_start"] = Text(from), ["page_end"] = Text(to) },
        });
    }

    /// <summary>Data relayed, in both directions.</summary>
    internal static long Relayed(UsageTotals totals) => totals.BytesToPeer + totals.BytesFromPeer;

    private static List<MeteredUser> Users(IEnumerable<UsageRow> rows) =>
    [
        .. from row in rows
           where row.Label?.Length > 0
           group Relayed(row.Totals) by row.Label! into user
           orderby user.Key
           select new MeteredUser(user.Key, user.Key, MeteredJson.Gigabytes(user.Sum())),
    ];

    /// <summary>The label of a credential; null when there is none of this name. A token names its label itself: whether it is genuine makes no difference to the usage under it.</summary>
    internal static async Task<string?> LabelOfAsync(IGrainFactory grains, TenantId tenant, string username) =>
        TurnCredential.TryDecode(Encoding.UTF8.GetBytes(username), out var claims) && claims.Tenant == tenant
            ? claims.Label
            : (await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant)).ListCredentialsAsync()).FirstOrDefault(credential => credential.Username == username)?.Label;

    /// <summary>Usage over all regions, or a refusal: less than all would be taken for all.</summary>
    internal static async Task<(List<UsageRow> Rows, Problem? Problem)> ReadAsync(
        RegionalUsage ledgers, TenantId tenant, (DateTimeOffset From, DateTimeOffset To) range, UsageGranularity granularity, UsageGroups groups)
    {
        var rows = new List<UsageRow>();
        while (true)
        {
            var (page, missing, tooMany) = await ledgers.QueryAsync(new UsageQuery(tenant, null, range.From, range.To, granularity, groups, rows.Count, RegionalUsage.MaxRows));
            if (missing.Count > 0)
            {
                return ([], new Problem(ProblemCodes.RegionUnreachable, "A region that may have usage of the account can't be asked."));
            }

            rows.AddRange(page.Rows);
            if (tooMany || rows.Count > RegionalUsage.MaxRows)
            {
                return ([], Problem.Invalid("page", $"would be of more than {RegionalUsage.MaxRows} rows of usage: read them with GET /v1/usage"));
            }

            if (!page.More)
            {
                return (rows, null);
            }
        }
    }

    /// <summary>The present calendar month.</summary>
    internal static (DateTimeOffset From, DateTimeOffset To) MonthOf(TimeProvider time)
    {
        var now = time.GetUtcNow();
        var from = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
        return (from, from.AddMonths(1));
    }

    private static DateTimeOffset Midnight(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);

    /// <summary>A date as they write it.</summary>
    internal static string Text(DateOnly day) => day.ToString(DateForm, CultureInfo.InvariantCulture);

    private static DateOnly Day(IQueryCollection query, string name, DateOnly otherwise, FieldErrors errors)
    {
        var text = query[name].ToString();
        if (text.Length == 0)
        {
            return otherwise;
        }

        if (DateOnly.TryParseExact(text, DateForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 1 and < LastYear)
        {
            return day;
        }

        errors.Add(name, "must be a date as 2026-09-01");
        return otherwise;
    }
}

/// <summary>What a user used.</summary>
/// <param name="Username">The label: usernames of tokens differ from call to call.</param>
/// <param name="Label">The label.</param>
/// <param name="UsageInGB">Gigabytes.</param>
public sealed record MeteredUser(string Username, string Label, decimal UsageInGB);
