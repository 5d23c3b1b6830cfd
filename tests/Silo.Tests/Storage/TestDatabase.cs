using System.Data.Common;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Storage.Allocations;
using NetDiscovery.Silo.Storage.Schema;
using NetDiscovery.Silo.Storage.Usage;
using NetDiscovery.TestKit;
using Npgsql;

namespace NetDiscovery.Silo.Tests.Storage;

/// <summary>A database of one test, on either engine.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly TempSqlite? file;
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    private TestDatabase(StorageProvider provider, DbDataSource source, string connectionString, TempSqlite? file)
    {
        Provider = provider;
        Source = source;
        ConnectionString = connectionString;
        this.file = file;
        Metrics = new StorageMetrics(services.GetRequiredService<IMeterFactory>());
    }

    public StorageProvider Provider { get; }

    public DbDataSource Source { get; }

    public string ConnectionString { get; }

    public StorageMetrics Metrics { get; }

    /// <summary>The folder of the embedded store.</summary>
    public string FolderPath => file!.FolderPath;

    /// <summary>The ledger, with a clock of the test's choice.</summary>
    public IUsageStore Ledger(TimeProvider time)
    {
        var admission = new UsageAdmission(Options.Create(new UsageOptions()), Metrics, time, NullLogger<UsageAdmission>.Instance);
        return Source is NpgsqlDataSource postgres ? new PostgresUsageLedger(postgres, admission) : new SqliteUsageLedger((SqliteDataSource)Source, admission);
    }

    public IAllocationStore Allocations() =>
        Source is NpgsqlDataSource postgres ? new PostgresAllocationStore(postgres) : new SqliteAllocationStore((SqliteDataSource)Source);

    /// <summary>Counts what an instrument of the store measures from now on.</summary>
    public MetricCount Count(string instrument) => new(services.GetRequiredService<IMeterFactory>(), instrument);

    public static async Task<TestDatabase> CreateEmptyAsync(StorageProvider provider, PostgresServer server)
    {
        if (provider == StorageProvider.PostgreSql)
        {
            var connectionString = await server.CreateDatabaseAsync();
            return new TestDatabase(provider, PostgresDataSource.Create(connectionString), connectionString, null);
        }

        var file = new TempSqlite();
        var source = new SqliteDataSource(file.FilePath);
        source.Prepare();
        return new TestDatabase(provider, source, source.ConnectionString, file);
    }

    public static async Task<TestDatabase> CreateAsync(StorageProvider provider, PostgresServer server)
    {
        var database = await CreateEmptyAsync(provider, server);
        await database.Migrator().MigrateAsync(TestContext.Current.CancellationToken);
        return database;
    }

    public SchemaMigrator Migrator(IReadOnlyList<SchemaMigration>? migrations = null) =>
        new(Source, Provider, migrations ?? SchemaMigration.Load(Provider), TimeProvider.System, NullLogger<SchemaMigrator>.Instance);

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = await Source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (T)Convert.ChangeType((await command.ExecuteScalarAsync())!, typeof(T), CultureInfo.InvariantCulture);
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await Source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await services.DisposeAsync();
        file?.Dispose();
    }
}
