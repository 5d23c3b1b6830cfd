using System.Data.Common;
using Microsoft.Extensions.Logging.Abstractions;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Storage.Schema;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage;

/// <summary>A database of one test, on either engine.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly TempSqlite? file;

    private TestDatabase(StorageProvider provider, DbDataSource source, string connectionString, TempSqlite? file)
    {
        Provider = provider;
        Source = source;
        ConnectionString = connectionString;
        this.file = file;
    }

    public StorageProvider Provider { get; }

    public DbDataSource Source { get; }

    public string ConnectionString { get; }

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
        return (T)Convert.ChangeType((await command.ExecuteScalarAsync())!, typeof(T), System.Globalization.CultureInfo.InvariantCulture);
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
        file?.Dispose();
    }
}
