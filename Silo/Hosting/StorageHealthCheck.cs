using System.Data.Common;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NetDiscovery.Silo.Hosting;

/// <summary>Ready means that the store answers.</summary>
public sealed class StorageHealthCheck(DbDataSource source) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT 1";
            command.CommandTimeout = 2;
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy("the store answers");
        }
        catch (Exception exception) when (exception is DbException or TimeoutException or OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy("the store does not answer", exception);
        }
    }
}
