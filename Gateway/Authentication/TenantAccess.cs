using NetDiscovery.Gateway.Problems;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Authentication;

/// <summary>Decides which tenant a request is about and whether its caller may act for it. A tenant that is out of reach looks the same as a missing one.</summary>
public sealed class TenantAccess(IGrainFactory grains)
{
    /// <returns>The tenant, or null when there is none of this id or the caller may not act for it.</returns>
    public async Task<Tenant?> FindAsync(Caller caller, string? id) => TenantId.TryParse(id, out var tenant) ? await FindAsync(caller, tenant) : null;

    /// <inheritdoc cref="FindAsync(Caller, string?)"/>
    public async Task<Tenant?> FindAsync(Caller caller, TenantId id)
    {
        if (caller.Tenant is { } self && self.Id == id)
        {
            return self;
        }

        var tenant = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(id)).GetAsync();
        return tenant is not null && caller.MayActFor(tenant) ? tenant : null;
    }

    /// <summary>The tenant that a request with an optional <c>?tenant=</c> acts for: the named one, else the caller.</summary>
    public async Task<TenantChoice> ChooseAsync(Caller caller, string? id)
    {
        if (string.IsNullOrEmpty(id))
        {
            return caller.Tenant is { } self ? new TenantChoice(self, null) : new TenantChoice(null, new Problem(ProblemCodes.TenantRequired));
        }

        return await FindAsync(caller, id) is { } tenant ? new TenantChoice(tenant, null) : new TenantChoice(null, new Problem(ProblemCodes.NotFound));
    }

    /// <returns>A refusal when the tenant is not active; null when it is.</returns>
    public static Problem? RefuseInactive(TenantStatus status) => status switch
    {
        TenantStatus.Suspended => new Problem(ProblemCodes.TenantSuspended),
        TenantStatus.Closed => new Problem(ProblemCodes.TenantClosed),
        _ => null,
    };
}

/// <summary>Either a tenant or a refusal.</summary>
public readonly record struct TenantChoice(Tenant? Tenant, Problem? Problem);
