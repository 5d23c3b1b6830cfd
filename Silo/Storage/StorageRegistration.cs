using System.Data.Common;
using Microsoft.Extensions.Options;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Audit;
using NetDiscovery.Grains.Sessions;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Grains.Usage;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.Silo.Storage.Allocations;
using NetDiscovery.Silo.Storage.Audit;
using NetDiscovery.Silo.Storage.Sessions;
using NetDiscovery.Silo.Storage.States;
using NetDiscovery.Silo.Storage.Tenants;
using NetDiscovery.Silo.Storage.Usage;
using Npgsql;
using Orleans.Configuration;
using Orleans.Storage;

namespace NetDiscovery.Silo.Storage;

/// <summary>Everything that knows a database, behind the ports of the grains.</summary>
internal static class StorageRegistration
{
    /// <summary>Orleans' name for SQLite; the library behind it is Microsoft.Data.Sqlite.</summary>
    private const string SqliteInvariant = "System.Data.SQLite";

    /// <summary>Registers options, stores and ports. Opens nothing.</summary>
    public static void AddStorage(this IServiceCollection services)
    {
        services.AddValidatedOptions<StorageOptions, StorageOptionsValidator>("Storage").Configure<IConfiguration>((options, configuration) =>
        {
            options.ConnectionString = configuration.GetConnectionString("Storage");
            options.DataPath = configuration["Data:Path"] ?? options.DataPath;
        });
        services.AddValidatedOptions<UsageOptions, UsageOptionsValidator>("Usage");
        services.AddSingleton<DataFolder>();
        services.AddSingleton<StoragePreparation>();
        services.AddSingleton<StorageMetrics>();
        services.AddSingleton<UsageAdmission>();
        services.AddSingleton<DbDataSource>(provider => Options(provider) switch
        {
            { Engine: StorageProvider.PostgreSql } options => PostgresDataSource.Create(options.ConnectionString!),
            var options => new SqliteDataSource(options.SqliteFile),
        });
        services.AddSingleton<IUsageStore>(provider => provider.GetRequiredService<DbDataSource>() switch
        {
            NpgsqlDataSource postgres => ActivatorUtilities.CreateInstance<PostgresUsageLedger>(provider, postgres),
            var sqlite => ActivatorUtilities.CreateInstance<SqliteUsageLedger>(provider, sqlite),
        });
        services.AddSingleton<IUsageLedger, UsageCommitQueue>();
        services.AddSingleton<IAllocationStore>(provider => provider.GetRequiredService<DbDataSource>() switch
        {
            NpgsqlDataSource postgres => new PostgresAllocationStore(postgres),
            var sqlite => new SqliteAllocationStore((SqliteDataSource)sqlite),
        });
        services.AddSingleton<IAllocationIndex>(provider => provider.GetRequiredService<IAllocationStore>());
        services.AddSingleton<ITenantIndex>(provider => new TenantIndex(provider.GetRequiredService<DbDataSource>(), Options(provider).Engine));
        services.AddSingleton<ISessionIndex>(provider => new SessionIndex(provider.GetRequiredService<DbDataSource>(), Options(provider).Engine));
        services.AddSingleton<ITenantFeed>(provider => new TenantFeed(provider.GetRequiredService<DbDataSource>(), Options(provider).Engine));
        services.AddSingleton(provider => new AuditStore(provider.GetRequiredService<DbDataSource>(), Options(provider).Engine));
        services.AddSingleton<IAuditIndex>(provider => provider.GetRequiredService<AuditStore>());
        services.AddKeyedSingleton<IGrainStorageSerializer, StateJsonSerializer>(StateJsonSerializer.Key);
        services.AddKeyedSingleton<IGrainStorage>(StorageNames.Allocations, (provider, _) => ActivatorUtilities.CreateInstance<AllocationGrainStorage>(provider));
        services.AddSingleton<IStateStore>(provider =>
        {
            var service = provider.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId;
            return provider.GetRequiredService<DbDataSource>() switch
            {
                NpgsqlDataSource postgres => new PostgresStateStore(postgres, service),
                var sqlite => new SqliteStateStore((SqliteDataSource)sqlite, service),
            };
        });
        services.AddKeyedSingleton<IGrainStorage>(StorageNames.Sessions, (provider, _) => ActivatorUtilities.CreateInstance<GroupedGrainStorage>(provider));
        services.AddHostedService<StorageUpkeep>();
    }

    /// <summary>The grain storage named <see cref="StorageNames.Default"/>.</summary>
    public static void AddDefaultGrainStorage(this ISiloBuilder silo) => silo.AddAdoNetGrainStorage(
        StorageNames.Default,
        (OptionsBuilder<AdoNetGrainStorageOptions> builder) => builder.Configure<IServiceProvider>((options, provider) =>
        {
            options.Invariant = Options(provider).Engine == StorageProvider.PostgreSql ? ClusterSettings.PostgreSqlInvariant : SqliteInvariant;
            options.DataSource = provider.GetRequiredService<DbDataSource>();
            options.GrainStorageSerializer = provider.GetRequiredKeyedService<IGrainStorageSerializer>(StateJsonSerializer.Key);

            // A cleared state is gone: a table of what exists, not of what ever was.
            options.DeleteStateOnClear = true;
        }));

    private static StorageOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<StorageOptions>>().Value;
}
