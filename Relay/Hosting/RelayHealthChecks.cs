using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NetDiscovery.Relay.Hosting;

/// <summary>Ready: listeners are open, relayed ports are free, and new allocations are taken.</summary>
internal sealed class RelayReadyCheck(RelayServer server) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        !server.Listening ? HealthCheckResult.Unhealthy("The listeners are not open.")
        : server.Services.Draining ? HealthCheckResult.Unhealthy("Draining: no new allocations are taken.")
        : server.FreePorts == 0 ? HealthCheckResult.Unhealthy("No relayed port is free.")
        : HealthCheckResult.Healthy($"{server.Allocations} allocations, {server.FreePorts} relayed ports free."));
}

/// <summary>The kernel path; never less than healthy, for without it the process does the same work.</summary>
internal sealed class KernelPathCheck(RelayServer server) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(HealthCheckResult.Healthy(server.KernelPath.On ? $"{server.KernelPath.State}; {server.KernelPath.Channels} channels" : server.KernelPath.State));
}

/// <summary>The connection to the cluster. Shown with readiness, at worst as degraded, which is still ready: a relay serves the tenants it knows without it.</summary>
internal sealed class ClusterLinkCheck(RelayServer server) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        server.Connected
            ? HealthCheckResult.Healthy("The cluster answers.")
            : HealthCheckResult.Degraded($"The cluster does not answer; {server.Services.Reporter.Unconfirmed} allocations wait in the journal."));
}
