using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Sessions;

/// <summary>Sessions: <c>/v1/sessions</c>.</summary>
public static class SessionsApi
{
    private const string TenantParameter = "Acts for this tenant: a sub-account, or any for the operator.";
    /// <summary>Longest life of a token, so of its revocation.</summary>
    private static readonly TimeSpan LongestToken = TimeSpan.FromHours(48) + TimeSpan.FromMinutes(5);

    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        var sessions = api.MapGroup("/sessions").WithTags("Sessions");
        sessions.MapPost("", CreateAsync).ChoosesRegion().Accepts<CreateSessionRequest>("application/json").Produces<CreatedSessionResponse>(201)
            .Refuses(ProblemCodes.ValidationFailed, ProblemCodes.TenantSuspended, ProblemCodes.SessionDenied, ProblemCodes.RegionUnavailable, ProblemCodes.IdempotencyKeyReused, ProblemCodes.NoRelay).Idempotent().NeededByCalls()
            .WithName("createSession").WithSummary("Make a session between endpoints")
            .WithDescription("The platform decides between STUN and TURN by the tenant's discovery configuration. Join tokens and credentials are shown only in this answer.");
        sessions.MapGet("", ListAsync).InNamedRegion().Produces<Page<SessionResponse>>().Refuses(ProblemCodes.ValidationFailed, ProblemCodes.NotFound)
            .WithName("listSessions").WithSummary("List sessions").WithDescription("Of a tenant, those made last first. Those that one region owns: ?region= names it, this gateway's when left out.");
        sessions.MapGet("/{id}", GetAsync).InSessionsRegion().Produces<SessionResponse>().Refuses(ProblemCodes.NotFound)
            .WithName("getSession").WithSummary("Read a session, its decision and the reason");
        sessions.MapGet("/{id}/timeline", TimelineAsync).InSessionsRegion().Produces<Page<TimelineResponse>>().Refuses(ProblemCodes.NotFound)
            .WithName("getSessionTimeline").WithSummary("Every step of a session with time and reason").WithDescription("Oldest first.");
        sessions.MapGet("/{id}/usage", UsageAsync).InSessionsRegion().Produces<SessionUsageResponse>().Refuses(ProblemCodes.NotFound)
            .WithName("getSessionUsage").WithSummary("What a session used").WithDescription("The sum, and rows by hour, region, relay and transport.");
        sessions.MapDelete("/{id}", EndAsync).InSessionsRegion().NeededByCalls().Produces(204).Refuses(ProblemCodes.NotFound)
            .WithName("endSession").WithSummary("End a session").WithDescription("Its credentials are revoked and its allocations end. A session that has ended answers the same.");
    }

    private static async Task<IResult> CreateAsync(
        HttpContext http, JsonBody<CreateSessionRequest> body, RequestSeed seed, TenantAccess access, SessionMaker maker, [FromQuery, Description(TenantParameter)] string? tenant = null)
    {
        var choice = await access.ChooseAsync(http.Caller(), tenant);
        return choice.Problem is not null ? choice.Problem : await maker.MakeAsync(choice.Tenant!.Id, body.Value, seed, RequestOrigin.Of(http), http.RequestAborted);
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, [AsParameters] PageQuery query, TenantAccess access, IGrainFactory grains,
        [FromQuery, Description("Only sessions in this state: `created`, `negotiating`, `connected`, `degraded` or `ended`.")] string? state = null,
        [FromQuery, Description(TenantParameter)] string? tenant = null)
    {
        var choice = await access.ChooseAsync(http.Caller(), tenant);
        if (choice.Problem is not null)
        {
            return choice.Problem;
        }

        var errors = new FieldErrors();
        var limit = query.CheckedLimit(errors);
        var offset = query.Number<int>(errors) ?? 0;

        SessionState wanted = default;
        if (!string.IsNullOrEmpty(state) && !(state.All(char.IsAsciiLetterLower) && Enum.TryParse(state, ignoreCase: true, out wanted)))
        {
            errors.Add("state", "must be created, negotiating, connected, degraded or ended");
        }

        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var found = await grains.GetGrain<ISessionQueryGrain>(0).ListAsync(new SessionQuery(choice.Tenant!.Id, string.IsNullOrEmpty(state) ? null : wanted, offset, limit + 1));
        return Results.Ok(new Page<SessionResponse>(
            [.. found.Take(limit).Select(SessionResponse.From)], found.Length > limit ? (offset + limit).ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<IResult> GetAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains) =>
        await FindAsync(http.Caller(), id, access, grains) is { } session ? Results.Ok(SessionResponse.From(session)) : new Problem(ProblemCodes.NotFound);

    private static async Task<IResult> TimelineAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains)
    {
        if (await FindAsync(http.Caller(), id, access, grains) is not { } session)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var entries = await grains.GetGrain<ISessionGrain>(GrainKeys.Session(session.Id)).GetTimelineAsync();
        return Results.Ok(new Page<TimelineResponse>([.. entries.Select(TimelineResponse.From)], null));
    }

    private static async Task<IResult> UsageAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains, TimeProvider time)
    {
        if (await FindAsync(http.Caller(), id, access, grains) is not { } session)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var rows = new List<UsageRow>();
        UsagePage page;
        do
        {
            page = await grains.GetGrain<IUsageQueryGrain>(0).QueryAsync(new UsageQuery(
                session.Tenant, session.Id.ToString(), session.CreatedAt.AddHours(-1), time.GetUtcNow().AddHours(1), UsageGranularity.Hour,
                UsageGroups.Region | UsageGroups.Relay | UsageGroups.Transport, rows.Count, SessionUsageResponse.RowsAtOnce));
            rows.AddRange(page.Rows);
        }
        while (page.More && rows.Count < SessionUsageResponse.MaxRows && page.Rows.Length > 0);

        return Results.Ok(SessionUsageResponse.From(session, rows, page.SealedUntil));
    }

    private static async Task<IResult> EndAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains, TenantSnapshots snapshots, TimeProvider time)
    {
        if (await FindAsync(http.Caller(), id, access, grains) is not { } session)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        await grains.GetGrain<ISessionGrain>(GrainKeys.Session(session.Id)).EndAsync();
        var tenant = grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(session.Tenant));
        foreach (var endpoint in session.Endpoints)
        {
            // The last of its credentials was minted when its connection last came, a moment ago at most.
            // They are good in this region alone.
            await tenant.RevokeHereAsync(EndpointToken.Id(session.Id, endpoint.Name), time.GetUtcNow() + LongestToken);
        }

        snapshots.Forget(session.Tenant);
        return Results.NoContent();
    }

    private static async Task<Session?> FindAsync(Caller caller, string id, TenantAccess access, IGrainFactory grains) =>
        SessionId.TryParse(id, out var session)
        && await grains.GetGrain<ISessionGrain>(GrainKeys.Session(session)).GetAsync() is { } found
        && await access.FindAsync(caller, found.Tenant) is not null
            ? found
            : null;
}
