using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>Makes accounts and changes their status: the rules that all APIs share.</summary>
public sealed class TenantMaker(IGrainFactory grains, CallerDirectory callers, TenantSnapshots snapshots)
{
    /// <summary>Makes a tenant, or a sub-account.</summary>
    /// <param name="caller">Who asks: the operator, or a tenant for sub-accounts of its own.</param>
    /// <param name="name">1 to 64 characters.</param>
    /// <param name="parent">Id of the account above; the caller when null.</param>
    /// <param name="seed">Where id and auth token come from.</param>
    public async Task<MadeTenant> MakeAsync(Caller caller, string name, string? parent, RequestSeed seed)
    {
        TenantId? above = TenantId.TryParse(parent, out var named) ? named : caller.Tenant?.Id;
        if (caller.Tenant is { } self && above != self.Id)
        {
            return new Problem(ProblemCodes.Forbidden, "A tenant can make sub-accounts of its own only.");
        }

        if (above is { } parentId)
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
        var request = new CreateTenant(name, above, authToken.Hash);
        var created = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(id)).CreateAsync(request);
        if (created is null && !seed.IsRepeatable)
        {
            return Problem.Invalid("parent", "must be the id of an active tenant");
        }

        return created is null || created.Name != request.Name || created.Parent != request.Parent
            ? new Problem(ProblemCodes.IdempotencyKeyReused)
            : new MadeTenant(created, authToken, null);
    }

    /// <summary>Suspends, activates or closes a tenant.</summary>
    /// <param name="caller">Who asks: the operator or the account above.</param>
    /// <param name="tenant">A tenant the caller may act for.</param>
    /// <param name="status">What it should be.</param>
    public async Task<TenantChoice> SetStatusAsync(Caller caller, Tenant tenant, TenantStatus status)
    {
        if (caller.Tenant?.Id == tenant.Id)
        {
            return new TenantChoice(null, new Problem(ProblemCodes.Forbidden, "A tenant can't change its own status."));
        }

        var grain = grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id));
        var change = await grain.SetStatusAsync(status);
        callers.Forget(tenant.Id);
        snapshots.ForgetAll();
        return change == TenantChange.Done && await grain.GetAsync() is { } changed ? new TenantChoice(changed, null) : new TenantChoice(null, TenantAnswers.Refusal(change));
    }
}

/// <summary>Either a tenant and its auth token, which is shown once, or a refusal.</summary>
public readonly record struct MadeTenant(Tenant? Tenant, Secret AuthToken, Problem? Problem)
{
    /// <summary>A refusal.</summary>
    public static implicit operator MadeTenant(Problem problem) => new(null, default, problem);
}
