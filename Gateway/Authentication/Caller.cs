using System.Security.Claims;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Authentication;

/// <summary>Who sent a request, proven. Remembered for a moment and shared by the requests of that time.</summary>
/// <param name="tenant">The tenant; null for the operator.</param>
/// <param name="key">The API key it came with; null for the tenant's auth token, and for the operator.</param>
public sealed class Caller(Tenant? tenant, ApiKeyId? key = null)
{
    /// <summary>The operator of the platform.</summary>
    public static Caller Operator { get; } = new(null);

    /// <summary>The tenant; null for the operator.</summary>
    public Tenant? Tenant => tenant;

    /// <summary>The API key it came with; null for the tenant's auth token, and for the operator.</summary>
    public ApiKeyId? Key => key;

    /// <summary>As ASP.NET's authorization takes it. Nobody changes it.</summary>
    internal ClaimsPrincipal Principal { get; } = PrincipalOf(tenant);

    /// <summary>True for the operator.</summary>
    public bool IsOperator => Tenant is null;

    /// <returns>True when this caller may act for <paramref name="tenant"/>: the operator, the tenant itself, or its parent.</returns>
    public bool MayActFor(Tenant tenant) => Tenant is null || Tenant.Id == tenant.Id || Tenant.Id == tenant.Parent;

    /// <summary>A name for derivations: two callers never share one.</summary>
    public override string ToString() => Tenant?.Id.ToString() ?? "operator";

    private static ClaimsPrincipal PrincipalOf(Tenant? tenant)
    {
        var identity = new ClaimsIdentity(CallerAuthentication.SchemeName);
        identity.AddClaim(tenant is null ? new Claim(CallerAuthentication.OperatorClaim, "true") : new Claim(ClaimTypes.Name, tenant.Id.ToString()));
        return new ClaimsPrincipal(identity);
    }
}

/// <summary>Where the pipeline keeps the caller.</summary>
public static class CallerFeature
{
    /// <returns>The caller of a request that authentication let through.</returns>
    /// <exception cref="InvalidOperationException">The route does not require authentication.</exception>
    public static Caller Caller(this HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The route does not require authentication.");
}
