using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace NetDiscovery.ServiceDefaults;

/// <summary>Connects a separate gateway or relay to its region's Orleans cluster.</summary>
public static partial class OrleansConnection
{
    /// <summary>
    /// Adds the Orleans client. The host waits at start until a silo answers, and reconnects by itself afterwards.
    /// </summary>
    public static void AddOrleansConnection(this WebApplicationBuilder builder)
    {
        builder.Configuration.AddClusteringDefaults();
        if (builder.Configuration.ClusteringProvider() == "AdoNet" && string.IsNullOrEmpty(builder.Configuration.GetConnectionString("Storage")))
        {
            throw new StartupException(
                "ConnectionStrings:Storage is missing: it names the PostgreSQL database through which silos, gateways and relays of a region find each other.", ExitCodes.Settings);
        }

        builder.UseOrleansClient(client =>
        {
            if (builder.Configuration.ClusteringProvider() == "Development")
            {
                client.UseLocalhostClustering(
                    builder.Configuration.GetValue("Orleans:Endpoints:GatewayPort", 30000), ClusterSettings.ServiceId, builder.Configuration.RegionName());
            }

            if (builder.Configuration.SendsTelemetry())
            {
                client.AddActivityPropagation();
            }

            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(5));
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
            client.Services.AddSingleton<IClientConnectionRetryFilter, WaitForCluster>();
        });
    }

    /// <summary>A host may be started before its silos: keep trying, and say so.</summary>
    private sealed partial class WaitForCluster(TimeProvider time, ILogger<WaitForCluster> logger) : IClientConnectionRetryFilter
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

        public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
        {
            LogWaiting(logger, exception.Message);
            await Task.Delay(Pause, time, cancellationToken);
            return true;
        }

        [LoggerMessage(5001, LogLevel.Warning, "No silo answers yet, trying again in 1 s: {Problem}")]
        private static partial void LogWaiting(ILogger logger, string problem);
    }
}
