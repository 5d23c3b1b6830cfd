using System.Globalization;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary>
/// <c>GET /2010-04-01/Accounts/{sid}/Usage/Records[/Daily…].json</c>: the categories <c>turnmegabytes</c> and, for each region,
/// <c>turnmegabytes-REGION</c>. Metered as Twilio does: bytes that TURN clients sent and received, in megabytes of 1,000,000.
/// </summary>
public static class TwilioUsage
{
    private const string Category = "turnmegabytes";
    private const decimal Megabyte = 1_000_000;
    private const int RowsAtOnce = 1_000;

    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/Accounts/{sid}/Usage/Records.json", static (HttpContext http, string sid, TenantAccess access, IGrainFactory grains, RegionalUsage ledgers, TimeProvider time) => ListAsync("", http, sid, access, grains, ledgers, time));
        foreach (var list in TwilioPeriods.Lists)
        {
            api.MapGet($"/Accounts/{{sid}}/Usage/Records/{list}.json", (HttpContext http, string sid, TenantAccess access, IGrainFactory grains, RegionalUsage ledgers, TimeProvider time) => ListAsync(list, http, sid, access, grains, ledgers, time));
        }
    }

    private static async Task<IResult> ListAsync(string list, HttpContext http, string sid, TenantAccess access, IGrainFactory grains, RegionalUsage ledgers, TimeProvider time)
    {
        var account = await TwilioApi.FindAsync(access, http, sid);
        if (account.Problem is not null)
        {
            return account.Problem;
        }

        var (tenant, query, now, errors) = (account.Tenant!, http.Request.Query, time.GetUtcNow(), new FieldErrors());
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var paging = TwilioPaging.Read(http.Request, errors);
        var range = TwilioPeriods.Range(query, DateOnly.FromDateTime(tenant.CreatedAt.UtcDateTime), today, errors);
        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var periods = TwilioPeriods.Of(list, range, today);
        var whole = new TwilioPeriod(periods[0].Start, periods[^1].End);
        var accounts = new List<TenantId> { tenant.Id };
        if (query["IncludeSubaccounts"].ToString() is not ("false" or "False"))
        {
            accounts.AddRange((await TwilioAccount.SubAccountsAsync(grains, tenant.Id)).Select(static sub => sub.Id));
        }

        if (await ReadAsync(ledgers, accounts, whole) is not { } days)
        {
            return new Problem(ProblemCodes.RegionUnreachable, "A region that may have usage of the account can't be asked.");
        }

        var wanted = query["Category"].ToString();
        var regions = days.Keys.Select(static key => key.Region).Distinct().Order(StringComparer.Ordinal).ToList();
        if (wanted.StartsWith(Category + "-", StringComparison.Ordinal) && !regions.Contains(wanted[(Category.Length + 1)..]))
        {
            regions.Add(wanted[(Category.Length + 1)..]);
        }

        var records =
            from period in periods
            from region in regions.Prepend("")
            let category = region.Length == 0 ? Category : $"{Category}-{region}"
            where wanted.Length == 0 || wanted == category
            let sum = days.Where(day => period.Holds(day.Key.Day) && (region.Length == 0 || day.Key.Region == region)).Aggregate(default(UsageTotals), static (left, day) => left + day.Value)
            select TwilioUsageRecord.From(tenant, category, region, period, sum, now);
        var page = paging.Cut([.. records]);
        return TwilioJson.Answer(paging.Answer("usage_records", page.Items, page.Total));
    }

    /// <returns>Null when a region could not be asked: less than all would be taken for all.</returns>
    private static async Task<Dictionary<(DateOnly Day, string Region), UsageTotals>?> ReadAsync(RegionalUsage ledgers, List<TenantId> accounts, TwilioPeriod range)
    {
        var days = new Dictionary<(DateOnly, string), UsageTotals>();
        var (from, to) = (new DateTimeOffset(range.Start, default, default), new DateTimeOffset(range.End.AddDays(1), default, default));
        foreach (var account in accounts)
        {
            var (offset, more) = (0, true);
            while (more)
            {
                var (page, missing, _) = await ledgers.QueryAsync(
                    new UsageQuery(account, null, from, to, UsageGranularity.Day, UsageGroups.Region, offset, RowsAtOnce));
                if (missing.Count > 0)
                {
                    return null;
                }

                foreach (var row in page.Rows)
                {
                    var key = (DateOnly.FromDateTime(row.From.UtcDateTime), row.Region ?? "");
                    days[key] = days.GetValueOrDefault(key) + row.Totals;
                }

                (offset, more) = (offset + page.Rows.Length, page.More);
            }
        }

        return days;
    }

    private sealed record TwilioUsageRecord(
        string AccountSid, string ApiVersion, string AsOf, string Category, string Count, string CountUnit, string Description, string StartDate, string EndDate,
        string Usage, string UsageUnit, string Price, string PriceUnit, string Uri, IReadOnlyDictionary<string, string> SubresourceUris)
    {
        public static TwilioUsageRecord From(Tenant tenant, string category, string region, TwilioPeriod period, UsageTotals sum, DateTimeOffset now)
        {
            var (path, filter) = ($"{TwilioApi.Root}/Accounts/{tenant.Id}/Usage/Records", $"?Category={System.Uri.EscapeDataString(category)}");
            var (start, end) = (TwilioJson.Date(period.Start), TwilioJson.Date(period.End));
            return new TwilioUsageRecord(
                tenant.Id.ToString(), "2010-04-01", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'+00:00'", CultureInfo.InvariantCulture), category,
                sum.Allocations.ToString(CultureInfo.InvariantCulture), "sessions", region.Length == 0 ? "TURN megabytes" : $"TURN megabytes, {region}", start, end,
                ((sum.BytesFromClient + sum.BytesToClient) / Megabyte).ToString("0.######", CultureInfo.InvariantCulture), "megabytes", "0", "usd",
                $"{path}.json{filter}&StartDate={start}&EndDate={end}",
                new Dictionary<string, string>
                {
                    ["all_time"] = $"{path}/AllTime.json{filter}", ["daily"] = $"{path}/Daily.json{filter}", ["last_month"] = $"{path}/LastMonth.json{filter}",
                    ["monthly"] = $"{path}/Monthly.json{filter}", ["this_month"] = $"{path}/ThisMonth.json{filter}", ["today"] = $"{path}/Today.json{filter}",
                    ["yearly"] = $"{path}/Yearly.json{filter}", ["yesterday"] = $"{path}/Yesterday.json{filter}",
                });
        }
    }
}
