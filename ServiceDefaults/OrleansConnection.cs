using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NetDiscovery.ServiceDefaults.Clustering;
using Orleans.Configuration;

namespace NetDiscovery.ServiceDefaults;

/// <summary>Connects a separate gateway or relay to its region's Orleans cluster.</summary>
public static partial class OrleansConnection
{
    /// <summary>
    /// Adds the Orleans client. The host waits at start until a silo answers, and reconnects by itself afterwards.
    /// </summary>
    /// <exception cref="StartupException">The configured clustering provider is not part of this build, or has no connection string.</exception>
    public static void AddOrleansConnection(this WebApplicationBuilder builder)
    {
        builder.Configuration.AddClusteringDefaults();
        builder.Services.AddValidatedOptions<ClusteringOptions, ClusteringOptionsValidator>(ClusteringOptions.Section);
        if (builder.Configuration.ClusteringProvider() == ClusteringProviders.AdoNet && string.IsNullOrEmpty(builder.Configuration.GetConnectionString("Storage")))
        {
            throw new StartupException(
                "ConnectionStrings:Storage is missing: it names the PostgreSQL database through which silos, gateways and relays of a region find each other.", ExitCodes.Settings);
        }

        try
        {
            builder.UseOrleansClient(client => Configure(client, builder.Configuration));
        }
        catch (InvalidOperationException exception) when (ClusteringProviders.IsMissing(exception))
        {
            throw ClusteringProviders.Missing(builder.Configuration.ClusteringProvider(), exception);
        }
    }

    private static void Configure(IClientBuilder client, ConfigurationManager configuration)
    {
        if (configuration.ClusteringProvider() == ClusteringProviders.Development)
        {
            client.UseLocalhostClustering(configuration.GetValue("Orleans:Endpoints:GatewayPort", 30000), ClusterSettings.ServiceId, configuration.RegionName());
        }

        if (configuration.SendsTelemetry())
        {
            client.AddActivityPropagation();
        }

        client.Configure<ClientMessagingOptions>(options =>
        {
            // Who was being asked when it froze, or its machine was lost, never answers, and nobody tells the caller before this is over (and up to a second
            // more: Orleans looks each second). By then the others have declared the silo dead, so the second try finds the grain elsewhere.
            options.ResponseTimeout = TimeSpan.FromSeconds(3);
            configuration.GetSection("Orleans:ClientMessaging").Bind(options);
        });
        client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
        client.Services.AddSingleton<IClientConnectionRetryFilter, WaitForCluster>();
        client.Services.AddSingleton<LostCalls>();
        client.Services.AddSingleton<IOutgoingGrainCallFilter>(static services => services.GetRequiredService<LostCalls>());
        client.Services.AddSingleton<IClusterConnectionStatusObserver>(static services => services.GetRequiredService<LostCalls>());
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
