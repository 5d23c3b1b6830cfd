using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Gateway.Callbacks;

/// <summary>What became of the events a tenant was to hear of: <c>/v1/callbacks</c>.</summary>
public static class CallbacksApi
{
    private const string TenantParameter = "Whose events: the caller's, a sub-account's, or for the operator any tenant's.";

    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        var callbacks = api.MapGroup("/callbacks").WithTags("Callbacks");
        callbacks.MapGet("", ListAsync).InNamedRegion().Produces<Page<DeliveryResponse>>().Refuses(ProblemCodes.ValidationFailed, ProblemCodes.NotFound)
            .WithName("listCallbacks").WithSummary("List deliveries of events").WithDescription("Those of usage triggers, then those of sessions, newest session first, and of each its last event first. Those of one region: ?region= names it, this gateway's when left out.");
        callbacks.MapGet("/{id}", GetAsync).InNamedRegion().Produces<DeliveryResponse>().Refuses(ProblemCodes.NotFound)
            .WithName("getCallback").WithSummary("Read the delivery of an event").WithDescription("With the body that is sent and the last attempts. ?region= names the region of the event's session, this gateway's when left out.");
        callbacks.MapPost("/{id}/redeliver", RedeliverAsync).InNamedRegion().Produces<DeliveryResponse>(202).Refuses(ProblemCodes.NotFound)
            .WithName("redeliverCallback").WithSummary("Send an event again").WithDescription("At once, with the same id and body, whatever became of it before; repeated with growing pauses for 24 hours until the receiver takes it. ?region= as for reading it.");
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, [AsParameters] PageQuery query, TenantAccess access, IGrainFactory grains,
        [FromQuery, Description("Only events of this session.")] string? session = null,
        [FromQuery, Description("Only deliveries that stand so: `pending`, `delivered`, `failed` or `dropped`.")] string? status = null,
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

        SessionId wanted = default;
        if (session is not null && !SessionId.TryParse(session, out wanted))
        {
            errors.Add("session", "must be the id of a session");
        }

        CallbackStatus standing = default;
        if (status is not null && !TryStatus(status, out standing))
        {
            errors.Add("status", "must be pending, delivered, failed or dropped");
        }

        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var found = await grains.GetGrain<ICallbackQueryGrain>(0).ListAsync(new CallbackQuery(
            choice.Tenant!.Id, CallbackSubject.Session, session is null ? null : wanted.Value, status is null ? null : standing, offset, limit + 1));
        return Results.Ok(new Page<DeliveryResponse>(
            [.. found.Take(limit).Select(static delivery => DeliveryResponse.From(delivery, withBody: false))],
            found.Length > limit ? (offset + limit).ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<IResult> GetAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains, [FromQuery, Description(TenantParameter)] string? tenant = null) =>
        await FindAsync(http, id, access, grains, tenant) is { } grain && await grain.GetAsync(id) is { } delivery
            ? Results.Ok(DeliveryResponse.From(delivery, withBody: true))
            : new Problem(ProblemCodes.NotFound);

    private static async Task<IResult> RedeliverAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains, [FromQuery, Description(TenantParameter)] string? tenant = null) =>
        await FindAsync(http, id, access, grains, tenant) is { } grain && await grain.RedeliverAsync(id) is { } delivery
            ? Results.Accepted($"/v1/callbacks/{id}", DeliveryResponse.From(delivery, withBody: true))
            : new Problem(ProblemCodes.NotFound);

    private static async Task<ICallbackGrain?> FindAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains, string? tenant)
    {
        var choice = await access.ChooseAsync(http.Caller(), tenant);
        return choice.Tenant is { } owner && CallbackEventId.TryParse(id, out var happened)
            ? grains.GetGrain<ICallbackGrain>(GrainKeys.Callbacks(owner.Id, happened.Kind, happened.Subject))
            : null;
    }

    private static bool TryStatus(string text, out CallbackStatus status) =>
        Enum.TryParse(text, ignoreCase: true, out status) && string.Equals(status.ToString(), text, StringComparison.OrdinalIgnoreCase);
}
