using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Gateway.Allocations;

/// <summary>Live allocations: <c>/v1/allocations</c>.</summary>
public static class AllocationsApi
{
    private const string TenantParameter = "Whose allocations: the caller or a sub-account; for the operator any tenant.";
    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        var allocations = api.MapGroup("/allocations").WithTags("Allocations");
        allocations.MapGet("", ListAsync).InNamedRegion().Produces<Page<AllocationResponse>>().Refuses(ProblemCodes.ValidationFailed, ProblemCodes.NotFound)
            .WithName("listAllocations").WithSummary("List live allocations")
            .WithDescription("A tenant's own, or with ?tenant= a sub-account's; for the operator every tenant's unless one is named. In order of id. Those of one region: ?region= names it, this gateway's when left out.");
        allocations.MapGet("/{id}", GetAsync).Produces<AllocationResponse>().Refuses(ProblemCodes.NotFound)
            .WithName("getAllocation").WithSummary("Read an allocation, live or ended");
        allocations.MapDelete("/{id}", CutAsync).Produces(204).Refuses(ProblemCodes.NotFound)
            .WithName("cutAllocation").WithSummary("End an allocation").WithDescription("Its relay ends it with its next sign of life, half a second later. An allocation that has ended answers the same.");
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, [AsParameters] PageQuery page, TenantAccess access, IGrainFactory grains, [FromQuery, Description(TenantParameter)] string? tenant = null, [FromQuery, Description("Only allocations of this session.")] string? session = null)
    {
        var caller = http.Caller();
        TenantChoice scope = caller.IsOperator && string.IsNullOrEmpty(tenant) ? default : await access.ChooseAsync(caller, tenant);
        if (scope.Problem is not null)
        {
            return scope.Problem;
        }

        var errors = new FieldErrors();
        var limit = page.CheckedLimit(errors);
        var after = page.Cursor<AllocationId>(errors);
        SessionId? only = null;
        if (!string.IsNullOrEmpty(session))
        {
            if (SessionId.TryParse(session, out var named))
            {
                only = named;
            }
            else
            {
                errors.Add("session", "must be the id of a session");
            }
        }

        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var found = await grains.GetGrain<IAllocationQueryGrain>(0).ListLiveAsync(scope.Tenant?.Id, only, after, limit + 1);
        return Results.Ok(Page<AllocationResponse>.From(found, limit, AllocationResponse.From, static allocation => allocation.Id.ToString()));
    }

    private static async Task<IResult> GetAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains, AllocationRegions elsewhere) =>
        await FindAsync(http.Caller(), id, access, grains) is { } allocation ? Results.Ok(AllocationResponse.From(allocation)) : await elsewhere.ElsewhereAsync(http, id);

    private static async Task<IResult> CutAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains, AllocationRegions elsewhere)
    {
        if (await FindAsync(http.Caller(), id, access, grains) is not { } allocation)
        {
            return await elsewhere.ElsewhereAsync(http, id);
        }

        await grains.GetGrain<IAllocationGrain>(GrainKeys.Allocation(allocation.Id)).CutAsync();
        return Results.NoContent();
    }

    private static async Task<Allocation?> FindAsync(Caller caller, string id, TenantAccess access, IGrainFactory grains) =>
        AllocationId.TryParse(id, out var allocation)
        && await grains.GetGrain<IAllocationGrain>(GrainKeys.Allocation(allocation)).GetAsync() is { } found
        && await access.FindAsync(caller, found.Tenant) is not null
            ? found
            : null;
}
