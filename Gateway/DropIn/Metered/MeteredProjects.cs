using System.Text.Json.Serialization;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Gateway.Tokens;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.DropIn.Metered;

/// <summary>Projects, as Metered names what groups credentials under a quota: a project is a sub-account, its key an API key of that.</summary>
public static class MeteredProjects
{
    private const long SmallestQuota = 1_048_576;
    private const string KeyName = "project";

    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder second)
    {
        second.MapPost("/project", CreateAsync).InControlRegion();
        second.MapPost("/project/{id}/credential", CreateCredentialAsync).InControlRegion().NeededByCalls();
        second.MapGet("/project/{id}/current_usage", CurrentAsync);
        second.MapGet("/project/{id}/current_usage_by_date", ByDateAsync);
        second.MapGet("/project/{id}/current_usage_for_user", OfUserAsync);
    }

    private static async Task<IResult> CreateAsync(
        HttpContext http, LooseBody body, RequestSeed seed, TenantMaker maker, TenantKeys keys, IGrainFactory grains, TenantSnapshots snapshots)
    {
        if (!MeteredCredentials.TryTenant(http, out _, out var refusal))
        {
            return refusal;
        }

        var errors = new FieldErrors();
        var (name, quota, action) = (body.Text("projectName", errors) ?? "", body.Whole("quotaInBytes", errors) ?? 0, body.Text("quotaExceededAction", errors) ?? "disable");
        if (!TextRule.IsName(name))
        {
            errors.AddUnlessKnown("projectName", $"must be 1 to {TextRule.MaxLength} characters");
        }

        if (quota is not 0 and < SmallestQuota)
        {
            errors.AddUnlessKnown("quotaInBytes", $"must be 0, for none, or at least {SmallestQuota}");
        }

        if (action is not ("disable" or "notify" or "none"))
        {
            errors.AddUnlessKnown("quotaExceededAction", "must be disable, notify or none");
        }

        foreach (var field in (string[])["webhookUrl", "notificationEmails"])
        {
            if (body.Says(field))
            {
                errors.Add(field, "is not offered here: make a usage trigger, which calls a server when a value is reached");
            }
        }

        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var made = await maker.MakeAsync(http.Caller(), name, null, seed);
        if (made.Tenant is not { } project)
        {
            return made.Problem!;
        }

        if (quota > 0)
        {
            var quotas = new Quotas { RelayedBytesPerMonth = quota, OnQuota = action == "disable" ? QuotaActions.Refuse : QuotaActions.Notify };
            var change = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(project.Id)).PutDiscoveryAsync(new DiscoveryConfiguration { Quotas = quotas }, null);
            snapshots.Forget(project.Id);
            if (change.Outcome != DiscoveryChangeOutcome.Stored)
            {
                return new Problem(ProblemCodes.ClosedIsFinal);
            }
        }

        var key = await keys.MakeAsync(project.Id, KeyName, seed);
        return key.Key is { } its
            ? MeteredJson.Answer(new MeteredProject(project.Id.ToString(), project.Name, quota, null, [], action, $"{its.Id}.{key.Secret.Text}", project.CreatedAt))
            : key.Problem!;
    }

    private static async Task<IResult> CreateCredentialAsync(HttpContext http, string id, LooseBody body, RequestSeed seed, TenantAccess access, TokenMint mint, StaticCredentials credentials) =>
        await access.FindAsync(http.Caller(), id) is { } project ? await MeteredCredentials.MakeAsync(project.Id, body, seed, mint, credentials) : Missing();

    private static async Task<IResult> CurrentAsync(HttpContext http, string id, TenantAccess access, RegionalUsage ledgers, TenantSnapshots snapshots, TimeProvider time)
    {
        if (await access.FindAsync(http.Caller(), id) is not { } project)
        {
            return Missing();
        }

        var (rows, problem) = await MeteredUsage.ReadAsync(ledgers, project.Id, MeteredUsage.MonthOf(time), UsageGranularity.Month, UsageGroups.None);
        if (problem is not null)
        {
            return problem;
        }

        var used = rows.Sum(static row => MeteredUsage.Relayed(row.Totals));
        var quota = (await snapshots.GetAsync(project.Id))?.Discovery.Quotas.RelayedBytesPerMonth ?? 0;
        return MeteredJson.Answer(new { quotaInBytes = quota, usageInBytes = used, overageInBytes = quota > 0 ? Math.Max(0, used - quota) : 0 });
    }

    // Every day of the month up to today: one without traffic has 0.
    private static async Task<IResult> ByDateAsync(HttpContext http, string id, TenantAccess access, RegionalUsage ledgers, TimeProvider time)
    {
        if (await access.FindAsync(http.Caller(), id) is not { } project)
        {
            return Missing();
        }

        var month = MeteredUsage.MonthOf(time);
        var (rows, problem) = await MeteredUsage.ReadAsync(ledgers, project.Id, month, UsageGranularity.Day, UsageGroups.None);
        if (problem is not null)
        {
            return problem;
        }

        var byDay = rows.ToLookup(static row => DateOnly.FromDateTime(row.From.UtcDateTime), static row => MeteredUsage.Relayed(row.Totals));
        var first = DateOnly.FromDateTime(month.From.UtcDateTime);
        return MeteredJson.Answer(Enumerable.Range(0, time.GetUtcNow().Day).Select(first.AddDays).Select(day => new { date = MeteredUsage.Text(day), usageInBytes = byDay[day].Sum() }));
    }

    private static async Task<IResult> OfUserAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains, RegionalUsage ledgers, TimeProvider time)
    {
        if (await access.FindAsync(http.Caller(), id) is not { } project)
        {
            return Missing();
        }

        if (await MeteredUsage.LabelOfAsync(grains, project.Id, http.Request.Query["username"].ToString()) is not { } label)
        {
            return new Problem(ProblemCodes.Unauthenticated, "Credential not found");
        }

        var (rows, problem) = await MeteredUsage.ReadAsync(ledgers, project.Id, MeteredUsage.MonthOf(time), UsageGranularity.Month, UsageGroups.Label);
        return problem ?? MeteredJson.Answer(new { label, usageInBytes = rows.Where(row => row.Label == label).Sum(static row => MeteredUsage.Relayed(row.Totals)) });
    }

    // Another's looks the same, and there it is 400.
    private static Problem Missing() => Problem.Invalid("id", "Project not found");
}

/// <summary>A project, in the answer that made it.</summary>
/// <param name="Id">The sub-account, <c>AC…</c>.</param>
/// <param name="ProjectName">Its name.</param>
/// <param name="QuotaInBytes">Bytes relayed in a calendar month; 0 = no limit.</param>
/// <param name="WebhookUrl">Always null here.</param>
/// <param name="NotificationEmails">Always empty here.</param>
/// <param name="QuotaExceededAction">As it was asked for.</param>
/// <param name="ApiKey">An API key of the sub-account; only in this answer.</param>
/// <param name="Created">When.</param>
public sealed record MeteredProject(
    [property: JsonPropertyName("_id")] string Id, string ProjectName, long QuotaInBytes, string? WebhookUrl, IReadOnlyList<string> NotificationEmails, string QuotaExceededAction, string ApiKey,
    DateTimeOffset Created)
{
    /// <summary>Names it only.</summary>
    public override string ToString() => $"MeteredProject {{ Id = {Id} }}";
}
