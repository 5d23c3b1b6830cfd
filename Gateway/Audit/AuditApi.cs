using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.Grains.Interfaces.Audit;

namespace NetDiscovery.Gateway.Audit;

/// <summary>What was changed of accounts, by whom: <c>/v1/audit</c>.</summary>
public static class AuditApi
{
    private const string TenantParameter = "Whose account: the caller's or a sub-account's; for the operator any tenant's, all when left out.";

    /// <summary>Maps the route.</summary>
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/audit", ListAsync).InControlRegion().WithTags("Audit").Produces<Page<AuditResponse>>().Refuses(ProblemCodes.ValidationFailed, ProblemCodes.NotFound)
            .WithName("listChanges").WithSummary("List changes of accounts").WithDescription("Who changed what, when, from which address; newest first. Kept for as long as the operator says (400 days).");

    private static async Task<IResult> ListAsync(
        HttpContext http, [AsParameters] PageQuery query, TenantAccess access, IGrainFactory grains,
        [FromQuery, Description("Only changes of this kind, such as `key.created`.")] string? action = null,
        [FromQuery, Description("Only changes at this time or later: RFC 3339, or a date.")] string? from = null,
        [FromQuery, Description("Only changes before this time: RFC 3339, or a date.")] string? to = null,
        [FromQuery, Description(TenantParameter)] string? tenant = null)
    {
        var caller = http.Caller();
        var choice = caller.IsOperator && string.IsNullOrEmpty(tenant) ? default : await access.ChooseAsync(caller, tenant);
        if (choice.Problem is not null)
        {
            return choice.Problem;
        }

        var errors = new FieldErrors();
        var limit = query.CheckedLimit(errors);
        var before = query.Number<long>(errors);

        if (action is not null && !AuditActions.All.Contains(action))
        {
            errors.Add("action", $"must be one of {string.Join(", ", AuditActions.All)}");
        }

        var (since, until) = (Time("from", from, errors), Time("to", to, errors));
        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var found = await grains.GetGrain<IAuditQueryGrain>(0).ListAsync(new AuditQuery(choice.Tenant?.Id, action, since, until, before, limit + 1));
        return Results.Ok(Page<AuditResponse>.From(found, limit, AuditResponse.From, static row => row.Sequence.ToString(CultureInfo.InvariantCulture)));
    }

    private static DateTimeOffset? Time(string field, string? text, FieldErrors errors) =>
        string.IsNullOrEmpty(text) ? null : UsageParameters.ReadTime(field, text, default, errors);
}
