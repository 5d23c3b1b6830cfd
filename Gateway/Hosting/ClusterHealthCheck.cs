using Microsoft.Extensions.Diagnostics.HealthChecks;
using NetDiscovery.Gateway.Relays;

namespace NetDiscovery.Gateway.Hosting;

/// <summary>Ready means that the cluster answers.</summary>
public sealed class ClusterHealthCheck(RelayDirectory relays, LocalRegion region, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var known = await relays.ListAsync(region.Name).WaitAsync(Limit, time, cancellationToken);
            return HealthCheckResult.Healthy($"The cluster answers; {known.Count(static relay => relay.Healthy)} healthy relays.");
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy("The cluster does not answer.");
        }
    }
}
