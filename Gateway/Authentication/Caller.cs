using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Authentication;

/// <summary>Who sent a request, proven.</summary>
/// <param name="Tenant">The tenant; null for the operator.</param>
public sealed record Caller(Tenant? Tenant)
{
    /// <summary>The operator of the platform.</summary>
    public static Caller Operator { get; } = new((Tenant?)null);

    /// <summary>True for the operator.</summary>
    public bool IsOperator => Tenant is null;

    /// <returns>True when this caller may act for <paramref name="tenant"/>: the operator, the tenant itself, or its parent.</returns>
    public bool MayActFor(Tenant tenant) => Tenant is null || Tenant.Id == tenant.Id || Tenant.Id == tenant.Parent;

    /// <summary>A name for derivations: two callers never share one.</summary>
    public override string ToString() => Tenant?.Id.ToString() ?? "operator";
}

/// <summary>Where the pipeline keeps the caller.</summary>
public static class CallerFeature
{
    /// <returns>The caller of a request that authentication let through.</returns>
    /// <exception cref="InvalidOperationException">The route does not require authentication.</exception>
    public static Caller Caller(this HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The route does not require authentication.");
}
