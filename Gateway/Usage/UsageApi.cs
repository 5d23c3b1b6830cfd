using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Usage;

/// <summary>The ledger: <c>/v1/usage</c>.</summary>
public static class UsageApi
{
    private const string TenantParameter = "Whose usage: the caller or a sub-account; for the operator any tenant.";
    private const int MaxExportRows = 100_000;
    private const int DefaultExportRows = 10_000;
    private const int ExportBatch = 1_000;

    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        var usage = api.MapGroup("/usage").WithTags("Usage");
        usage.MapGet("", QueryAsync).Produces<UsagePageResponse>().Refuses(ProblemCodes.ValidationFailed, ProblemCodes.NotFound)
            .WithName("getUsage").WithSummary("Sums of usage")
            .WithDescription("Over all regions. A tenant's own usage, or with ?tenant= a sub-account's; for the operator every tenant's unless one is named.");
        usage.MapGet("/export", ExportAsync).InNamedRegion().Produces<LedgerRowResponse>(200, "application/x-ndjson").Refuses(ProblemCodes.ValidationFailed, ProblemCodes.NotFound)
            .WithName("exportUsage").WithSummary("Sealed rows of the ledger as NDJSON")
            .WithDescription("Rows after the cursor, one JSON object a line, the same on every read. Go on with the cursor of the last line. Each region has rows and cursors of its own: ?region= names one, this gateway's when left out.");
    }

    private static async Task<IResult> QueryAsync(
        HttpContext http, [AsParameters] UsageParameters parameters, TenantAccess access, RegionalUsage ledgers, TimeProvider time, [FromQuery, Description(TenantParameter)] string? tenant = null)
    {
        var caller = http.Caller();
        var scope = await ScopeAsync(caller, tenant, access);
        if (scope.Problem is not null)
        {
            return scope.Problem;
        }

        var errors = new FieldErrors();
        var query = parameters.Read(scope.Tenant?.Id, caller.IsOperator, time.GetUtcNow(), errors);
        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var (page, missing, tooMany) = await ledgers.QueryAsync(query);
        return tooMany
            ? Problem.Invalid("groupBy", $"makes more than {RegionalUsage.MaxRows} rows in one region: ask for a shorter time or fewer keys")
            : Results.Ok(new UsagePageResponse(
                [.. page.Rows.Select(row => UsageRowResponse.Of(row, scope.Tenant?.Id.ToString()))],
                page.More ? (query.Offset + page.Rows.Length).ToString(CultureInfo.InvariantCulture) : null,
                page.SealedUntil,
                missing.Count > 0 ? missing : null));
    }

    private static async Task<IResult> ExportAsync(
        HttpContext http, [AsParameters] PageQuery query, TenantAccess access, IGrainFactory grains, IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json, [FromQuery, Description(TenantParameter)] string? tenant = null)
    {
        var scope = await ScopeAsync(http.Caller(), tenant, access);
        if (scope.Problem is not null)
        {
            return scope.Problem;
        }

        var errors = new FieldErrors();
        var limit = query.CheckedLimit(errors, MaxExportRows, DefaultExportRows);
        long after = 0;
        if (!string.IsNullOrEmpty(query.After) && !long.TryParse(query.After, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            errors.Add("after", "must be the cursor of a row, a whole number");
        }

        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        // The first rows are read before anything is sent, so that an unreachable ledger is a problem and not half a stream.
        var ledger = grains.GetGrain<IUsageQueryGrain>(0);
        var rows = await ledger.ExportAsync(scope.Tenant?.Id, after, Math.Min(limit, ExportBatch));
        return Results.Stream(
            async body =>
            {
                for (var sent = 0; rows.Length > 0;)
                {
                    foreach (var row in rows)
                    {
                        await JsonSerializer.SerializeAsync(body, LedgerRowResponse.From(row), json.Value.SerializerOptions, http.RequestAborted);
                        await body.WriteAsync("\n"u8.ToArray(), http.RequestAborted);
                    }

                    sent += rows.Length;
                    rows = sent >= limit ? [] : await ledger.ExportAsync(scope.Tenant?.Id, rows[^1].Cursor, Math.Min(limit - sent, ExportBatch));
                }
            },
            "application/x-ndjson");
    }

    private static async Task<TenantChoice> ScopeAsync(Caller caller, string? tenant, TenantAccess access) =>
        caller.IsOperator && string.IsNullOrEmpty(tenant) ? default : await access.ChooseAsync(caller, tenant);
}
