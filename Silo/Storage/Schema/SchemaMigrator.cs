using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Silo.Storage.Schema;

/// <summary>Brings a database to the schema this build needs. Safe to run from several silos at once.</summary>
/// <param name="source">The database.</param>
/// <param name="provider">Its engine.</param>
/// <param name="migrations">The steps, in order.</param>
/// <param name="time">For the time written beside each step.</param>
/// <param name="logger">Says which steps were applied.</param>
public sealed partial class SchemaMigrator(
    DbDataSource source, StorageProvider provider, IReadOnlyList<SchemaMigration> migrations, TimeProvider time, ILogger<SchemaMigrator> logger)
{
    // One number for all of NetDiscovery; PostgreSQL locks are per database, so installations do not meet.
    private const string PostgresLock = "SELECT pg_advisory_xact_lock(7305801127001)";

    private static readonly TimeSpan MigrationLimit = TimeSpan.FromMinutes(10);

    /// <summary>Applies the missing steps, each in a transaction of its own under a lock.</summary>
    /// <returns>How many steps this call applied.</returns>
    /// <exception cref="StartupException">A step that was applied has changed since, or the database is from a newer version of NetDiscovery.</exception>
    public async Task<int> MigrateAsync(CancellationToken cancellationToken)
    {
        var applied = 0;
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        while (await ApplyNextAsync(connection, cancellationToken))
        {
            applied++;
        }

        return applied;
    }

    private async Task<bool> ApplyNextAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        // SQLite begins with the write lock at once; PostgreSQL takes a lock that its end of transaction releases.
        await using var transaction = connection is SqliteConnection sqlite
            ? sqlite.BeginTransaction(deferred: false)
            : await connection.BeginTransactionAsync(cancellationToken);
        if (provider == StorageProvider.PostgreSql)
        {
            await ExecuteAsync(transaction, PostgresLock, cancellationToken);
        }

        await ExecuteAsync(transaction, "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_at text NOT NULL)", cancellationToken);
        var applied = await ReadAppliedAsync(transaction, cancellationToken);
        Check(applied);
        if (migrations.FirstOrDefault(migration => !applied.ContainsKey(migration.Version)) is not { } next)
        {
            return false;
        }

        await ExecuteAsync(transaction, next.Sql, cancellationToken);
        await RecordAsync(transaction, next, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        LogApplied(logger, next.Version, next.Name);
        return true;
    }

    private void Check(Dictionary<int, string> applied)
    {
        var newest = migrations[^1].Version;
        if (applied.Keys.Where(version => version > newest).DefaultIfEmpty().Max() is > 0 and var found)
        {
            throw new StartupException(string.Create(CultureInfo.InvariantCulture,
                $"The database has schema version {found}, this build knows versions up to {newest}: start a newer NetDiscovery, or restore a backup taken before the upgrade."));
        }

        foreach (var migration in migrations)
        {
            if (applied.TryGetValue(migration.Version, out var sha256) && sha256 != migration.Sha256)
            {
                throw new StartupException(string.Create(CultureInfo.InvariantCulture,
                    $"Schema step {migration.Version:0000}_{migration.Name} was applied with another content than this build has (SHA-256 {sha256[..12]}… there, {migration.Sha256[..12]}… here): use the build the database was made with, or one released later."));
            }
        }
    }

    private static async Task<Dictionary<int, string>> ReadAppliedAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT version, sha256 FROM schema_version";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var applied = new Dictionary<int, string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            applied.Add(reader.GetInt32(0), reader.GetString(1));
        }

        return applied;
    }

    private async Task RecordAsync(DbTransaction transaction, SchemaMigration migration, CancellationToken cancellationToken)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO schema_version (version, name, sha256, applied_at) VALUES (@version, @name, @sha256, @appliedAt)";
        foreach (var (name, value) in ((string, object)[])[("version", migration.Version), ("name", migration.Name), ("sha256", migration.Sha256),
            ("appliedAt", time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture))])
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(DbTransaction transaction, string sql, CancellationToken cancellationToken)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.CommandTimeout = (int)MigrationLimit.TotalSeconds;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
