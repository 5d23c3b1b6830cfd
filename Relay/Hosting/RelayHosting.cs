using Microsoft.Extensions.Options;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Hosting;

/// <summary>Adds a relay to a host.</summary>
public static class RelayHosting
{
    /// <summary>Adds the relay: listeners, data path and link to the cluster, whose grain factory must come from elsewhere (Orleans client, or a silo in the same process).</summary>
    public static void AddRelay(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<RelayOptions, RelayOptionsValidator>(RelayOptions.Section).PostConfigure<IConfiguration>(FillIn);
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<RelayMetrics>();
        builder.Services.AddSingleton(provider => new RelayIdentity(
            provider.GetRequiredService<IOptions<RelayOptions>>().Value.Id, provider.GetRequiredService<IConfiguration>().RegionName(), Guid.NewGuid()));
        builder.Services.AddSingleton<ICluster>(provider => new OrleansCluster(provider.GetRequiredService<IGrainFactory>(), provider.GetRequiredService<RelayIdentity>()));
        builder.Services.AddSingleton(provider => new RelayServer(
            provider.GetRequiredService<IOptions<RelayOptions>>().Value,
            provider.GetRequiredService<RelayIdentity>(),
            provider.GetRequiredService<ICluster>(),
            provider.GetRequiredService<RelayMetrics>(),
            new ControlPlanePacing(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddSingleton<DrainOnStop>();
        builder.Services.AddHostedService<RelayService>();

        // The host's patience with all that stops begins after that of the drain; a value that is no number or out of range is told with the other settings.
        var drainSeconds = int.TryParse(builder.Configuration[$"{RelayOptions.Section}:{nameof(RelayOptions.DrainSeconds)}"], out var seconds) ? Math.Clamp(seconds, 0, RelayOptions.MaxDrainSeconds) : 0;
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout += TimeSpan.FromSeconds(drainSeconds));
        builder.Services.AddHealthChecks()
            .AddCheck<RelayReadyCheck>("relay", tags: [ServiceDefaultsExtensions.ReadyTag])
            .AddCheck<KernelPathCheck>("relay-kernel-path", tags: [ServiceDefaultsExtensions.ReadyTag])
            .AddCheck<ClusterLinkCheck>("relay-cluster-link", tags: [ServiceDefaultsExtensions.ReadyTag]);
    }

    private static void FillIn(RelayOptions options, IConfiguration configuration)
    {
        options.ClientAddresses = AddressLoggingOptions.FormIn(configuration);
        if (options.Id.Length == 0)
        {
            options.Id = new string([.. Environment.MachineName.Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-').Take(64)]);
        }

        if (options.ListenAddresses.Length == 0)
        {
            options.ListenAddresses = ["127.0.0.1"];
        }

        if (options.DataPath.Length == 0)
        {
            options.DataPath = configuration["Data:Path"] is { Length: > 0 } path ? path : "./data";
        }
    }
}
