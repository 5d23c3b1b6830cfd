using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
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
        tenants.MapPost("", CreateAsync).Accepts<CreateTenantRequest>("application/json").Produces<CreatedTenantResponse>(201)
            .Refuses(ProblemCodes.ValidationFailed, ProblemCodes.Forbidden, ProblemCodes.NestedSubAccount, ProblemCodes.IdempotencyKeyReused).Idempotent()
            .WithName("createTenant").WithSummary("Make a tenant").WithDescription("The operator makes any tenant; a tenant makes sub-accounts of its own. The auth token is shown only in this answer.");
        tenants.MapGet("", ListAsync).Produces<Page<TenantResponse>>()
            .WithName("listTenants").WithSummary("List tenants").WithDescription("All tenants for the operator, the sub-accounts for a tenant; in order of id.");
        tenants.MapGet("/{id}", GetAsync).Produces<TenantResponse>().Refuses(ProblemCodes.NotFound)
            .WithName("getTenant").WithSummary("Read a tenant");
        tenants.MapPatch("/{id}", UpdateAsync).Accepts<UpdateTenantRequest>("application/json").Produces<TenantResponse>()
            .Refuses(ProblemCodes.ValidationFailed, ProblemCodes.Forbidden, ProblemCodes.NotFound, ProblemCodes.ClosedIsFinal)
            .WithName("updateTenant").WithSummary("Suspend, activate or close a tenant")
            .WithDescription("By the operator or the parent account. Suspending or closing stops new tokens and ends live allocations.");
    }

    private static async Task<IResult> CreateAsync(HttpContext http, JsonBody<CreateTenantRequest> body, RequestSeed seed, IGrainFactory grains)
    {
        var caller = http.Caller();
        TenantId? parent = TenantId.TryParse(body.Value.Parent, out var named) ? named : caller.Tenant?.Id;
        if (caller.Tenant is { } self && parent != self.Id)
        {
            return new Problem(ProblemCodes.Forbidden, "A tenant can make sub-accounts of its own only.");
        }

        if (parent is { } parentId)
        {
            var owner = caller.Tenant ?? await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(parentId)).GetAsync();
            if (owner is not { Status: TenantStatus.Active })
            {
                return Problem.Invalid("parent", "must be the id of an active tenant");
            }

            if (owner.Parent is not null)
            {
                return new Problem(ProblemCodes.NestedSubAccount);
            }
        }

        var id = new TenantId(seed.Id("tenant", static () => TenantId.New().Value));
        var authToken = seed.Secret("authToken");
        var request = new CreateTenant(body.Value.Name!, parent, authToken.Hash);
        var created = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(id)).CreateAsync(request);
        if (created is null && !seed.IsRepeatable)
        {
            return Problem.Invalid("parent", "must be the id of an active tenant");
        }

        return created is null || created.Name != request.Name || created.Parent != request.Parent
            ? new Problem(ProblemCodes.IdempotencyKeyReused)
            : Results.Created(
                $"/v1/tenants/{id}",
                new CreatedTenantResponse(created.Id.ToString(), created.Name, created.Status, created.Parent?.ToString(), created.CreatedAt, authToken.Text));
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

    private static async Task<IResult> UpdateAsync(
        HttpContext http, string id, JsonBody<UpdateTenantRequest> body, TenantAccess access, IGrainFactory grains, CallerDirectory callers, TenantSnapshots snapshots)
    {
        var caller = http.Caller();
        if (await access.FindAsync(caller, id) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        if (caller.Tenant?.Id == tenant.Id)
        {
            return new Problem(ProblemCodes.Forbidden, "A tenant can't change its own status.");
        }

        var grain = grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id));
        var change = await grain.SetStatusAsync(body.Value.Status!.Value);
        callers.Forget(tenant.Id);
        snapshots.ForgetAll();
        return change == TenantChange.Done && await grain.GetAsync() is { } changed ? Results.Ok(TenantResponse.From(changed)) : TenantAnswers.Refusal(change);
    }
}
