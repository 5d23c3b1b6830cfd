using NetDiscovery.Gateway.Problems;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>What a refused change of a tenant is answered with.</summary>
public static class TenantAnswers
{
    /// <returns>The refusal for an outcome other than <see cref="TenantChange.Done"/>.</returns>
    public static Problem Refusal(TenantChange outcome) => new(outcome switch
    {
        TenantChange.NotFound => ProblemCodes.NotFound,
        TenantChange.Closed => ProblemCodes.ClosedIsFinal,
        TenantChange.LimitReached => ProblemCodes.LimitReached,
        _ => ProblemCodes.InternalError,
    });
}
