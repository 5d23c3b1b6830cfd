using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>Accounts: <c>/v1/tenants</c>.</summary>
public static class TenantsApi
{
    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        var tenants = api.MapGroup("/tenants").WithTags("Tenants");
        tenants.MapPost("", CreateAsync).InControlRegion().Accepts<CreateTenantRequest>("application/json").Produces<CreatedTenantResponse>(201)
            .Refuses(ProblemCodes.ValidationFailed, ProblemCodes.Forbidden, ProblemCodes.NestedSubAccount, ProblemCodes.IdempotencyKeyReused).AnswersOnce()
            .WithName("createTenant").WithSummary("Make a tenant").WithDescription("The operator makes any tenant; a tenant makes sub-accounts of its own. The auth token is shown only in this answer.");
        tenants.MapGet("", ListAsync).Produces<Page<TenantResponse>>()
            .WithName("listTenants").WithSummary("List tenants").WithDescription("All tenants for the operator, the sub-accounts for a tenant; in order of id.");
        tenants.MapGet("/{id}", GetAsync).Produces<TenantResponse>().Refuses(ProblemCodes.NotFound)
            .WithName("getTenant").WithSummary("Read a tenant");
        tenants.MapPatch("/{id}", UpdateAsync).InControlRegion().Accepts<UpdateTenantRequest>("application/json").Produces<TenantResponse>()
            .Refuses(ProblemCodes.ValidationFailed, ProblemCodes.Forbidden, ProblemCodes.NotFound, ProblemCodes.ClosedIsFinal)
            .WithName("updateTenant").WithSummary("Suspend, activate or close a tenant")
            .WithDescription("By the operator or the parent account. Suspending or closing stops new tokens and ends live allocations.");
    }

    private static async Task<IResult> CreateAsync(HttpContext http, JsonBody<CreateTenantRequest> body, RequestSeed seed, TenantMaker maker)
    {
        var made = await maker.MakeAsync(http.Caller(), body.Value.Name!, body.Value.Parent, seed);
        return made.Tenant is { } tenant
            ? Results.Created(
                $"/v1/tenants/{tenant.Id}",
                new CreatedTenantResponse(tenant.Id.ToString(), tenant.Name, tenant.Status, tenant.Parent?.ToString(), tenant.CreatedAt, made.AuthToken.Text))
            : made.Problem!;
    }

    private static async Task<IResult> ListAsync(HttpContext http, [AsParameters] PageQuery query, IGrainFactory grains, [FromQuery, Description("Only sub-accounts of this tenant.")] string? parent = null)
    {
        var caller = http.Caller();
        var errors = new FieldErrors();
        TenantId? after = query.Cursor<TenantId>(errors), under = caller.Tenant?.Id;
        if (parent is not null && TenantId.TryParse(parent, out var named) && (caller.IsOperator || named == under))
        {
            under = named;
        }
        else if (parent is not null)
        {
            errors.Add("parent", "must be the id of a tenant; a tenant can name itself only");
        }

        var limit = query.CheckedLimit(errors);
        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var found = await grains.GetGrain<ITenantQueryGrain>(0).ListAsync(under, after, limit + 1);
        return Results.Ok(Page<TenantResponse>.From(found, limit, TenantResponse.From, tenant => tenant.Id.ToString()));
    }

    private static async Task<IResult> GetAsync(HttpContext http, string id, TenantAccess access) =>
        await access.FindAsync(http.Caller(), id) is { } tenant ? Results.Ok(TenantResponse.From(tenant)) : new Problem(ProblemCodes.NotFound);

    private static async Task<IResult> UpdateAsync(HttpContext http, string id, JsonBody<UpdateTenantRequest> body, TenantAccess access, TenantMaker maker)
    {
        var caller = http.Caller();
        if (await access.FindAsync(caller, id) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var changed = await maker.SetStatusAsync(caller, tenant, body.Value.Status!.Value);
        return changed.Problem is null ? Results.Ok(TenantResponse.From(changed.Tenant!)) : changed.Problem;
    }
}
