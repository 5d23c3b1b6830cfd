using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NetDiscovery.Silo.Hosting;

/// <summary>Ready means that the silo is an active member of its cluster.</summary>
public sealed class SiloHealthCheck(ISiloStatusOracle membership) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(membership.CurrentStatus == SiloStatus.Active
            ? HealthCheckResult.Healthy("the silo is active")
            : HealthCheckResult.Unhealthy($"the silo is {membership.CurrentStatus}"));
}
