using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.ServiceDefaults.Clustering;
using NetDiscovery.Silo.Callbacks;
using NetDiscovery.Silo.Regions;
using NetDiscovery.Silo.Storage;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Serialization;

namespace NetDiscovery.Silo.Hosting;

/// <summary>What makes a process a silo; used by the silo's own host and by Standalone.</summary>
public static class SiloHosting
{
    /// <summary>Adds storage, the Orleans silo, its background work and its health checks.</summary>
    /// <exception cref="StartupException">The configured clustering provider is not part of this build.</exception>
    public static void AddSilo(this WebApplicationBuilder builder)
    {
        builder.Configuration.AddClusteringDefaults();
        QuietOrleans(builder.Configuration);
        builder.Services.AddStorage();
        builder.Services.AddCallbacks();
        builder.Services.AddRegionHosting();
        builder.Services.AddHostedService<LostAllocations>();
        builder.Services.AddValidatedOptions<ClusteringOptions, ClusteringOptionsValidator>(ClusteringOptions.Section);
        builder.Services.AddValidatedOptions<SiloEndpointOptions, SiloEndpointOptionsValidator>(SiloEndpointOptions.Section);
        builder.Services.AddHealthChecks()
            .AddCheck<StorageHealthCheck>("storage", HealthStatus.Unhealthy, [ServiceDefaultsExtensions.ReadyTag])
            .AddCheck<SiloHealthCheck>("silo", HealthStatus.Unhealthy, [ServiceDefaultsExtensions.ReadyTag]);
        try
        {
            builder.UseOrleans(silo => Configure(silo, builder.Configuration));
        }
        catch (InvalidOperationException exception) when (ClusteringProviders.IsMissing(exception))
        {
            throw ClusteringProviders.Missing(builder.Configuration.ClusteringProvider(), exception);
        }
    }

    /// <summary>Checks all settings of the process, then opens the store and applies its schema. Call before the application runs.</summary>
    /// <exception cref="OptionsValidationException">Settings are wrong; each is named.</exception>
    /// <exception cref="StartupException">The store can't be used.</exception>
    public static async Task PrepareStorageAsync(this WebApplication app)
    {
        app.Services.GetService<IStartupValidator>()?.Validate();
        await app.Services.GetRequiredService<StoragePreparation>().PrepareAsync(app.Lifetime.ApplicationStopping);
    }

    private static void Configure(ISiloBuilder silo, ConfigurationManager configuration)
    {
        if (configuration.ClusteringProvider() == ClusteringProviders.Development)
        {
            // Ports of its own where none are named: several processes for development live on one machine.
            silo.UseLocalhostClustering(
                configuration.GetValue<int?>($"{SiloEndpointOptions.Section}:SiloPort") ?? LoopbackPort.Free(),
                configuration.GetValue<int?>($"{SiloEndpointOptions.Section}:GatewayPort") ?? LoopbackPort.Free(),
                primarySiloEndpoint: null, ClusterSettings.ServiceId, configuration.RegionName());
        }

        if (configuration.SendsTelemetry())
        {
            silo.AddActivityPropagation();
        }

        if (configuration.ShowsDashboard())
        {
            silo.AddDashboard(static options => options.HideTrace = true);
        }

        silo.AddDefaultGrainStorage();
        silo.AddIncomingGrainCallFilter<StorageFailureFilter>();

        // A grain that can't read its state never gets to the filter: the store's own exception crosses the wire, and without this only that it could not.
        silo.Services.Configure<ExceptionSerializationOptions>(options => options.SupportedNamespacePrefixes.Add(nameof(Npgsql)));
        AddReminders(silo, configuration);
#pragma warning disable ORLEANSEXP003 // Measured: the default directory loses activations of surviving silos when one dies, this one none.
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        silo.AddAllocationLocations();
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            // Measured: a killed silo is replaced within 1.4 to 2.8 s, without false alarms at a load average of 28.
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.MaxProbeTimeout = TimeSpan.FromSeconds(1.5);
            options.NumMissedProbesLimit = 3;
            options.NumVotesForDeathDeclaration = 2;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(10);
            configuration.GetSection("Orleans:ClusterMembership").Bind(options);
        });

        // By default grains of a silo that died are held back for 30 s, lest it still runs and two activations write. Ours may: states are written
        // against a version, the ledger counts each sequence once, and a silo that was declared dead ends itself.
        silo.Configure<GrainDirectoryOptions>(options => options.RangeLeaseDuration = TimeSpan.Zero);
        silo.Services.PostConfigure<AdoNetClusteringSiloOptions>(options =>
        {
            if (options is { Invariant: ClusterSettings.PostgreSqlInvariant, ConnectionString: { Length: > 0 } connectionString })
            {
                options.ConnectionString = PostgresDataSource.Tune(connectionString);
            }
        });
    }

    /// <summary>Orleans tells every option and step at Information: warnings only, unless the operator's own settings say otherwise.</summary>
    private static void QuietOrleans(ConfigurationManager configuration) => configuration.AddInMemoryCollection(
        from category in (string[])["Orleans", "Polly"]
        let setting = $"Logging:LogLevel:{category}"
        where configuration[setting] is null
        select KeyValuePair.Create(setting, (string?)nameof(LogLevel.Warning)));

    private static void AddReminders(ISiloBuilder silo, ConfigurationManager configuration)
    {
        if (configuration["Orleans:Reminders:ProviderType"] is { Length: > 0 })
        {
            return; // Orleans' own configuration-driven provider.
        }

        if (configuration.UsesPostgreSql())
        {
            silo.UseAdoNetReminderService((OptionsBuilder<AdoNetReminderTableOptions> builder) => builder.Configure<IOptions<StorageOptions>>((options, storage) =>
            {
                options.Invariant = ClusterSettings.PostgreSqlInvariant;
                options.ConnectionString = PostgresDataSource.Tune(storage.Value.ConnectionString!);
            }));
        }
        else
        {
            silo.UseInMemoryReminderService();
        }
    }
}
