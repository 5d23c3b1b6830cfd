using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.Silo.Storage.Schema;
using Npgsql;
using static SQLitePCL.raw;

namespace NetDiscovery.Silo.Storage;

/// <summary>Makes the store ready before the silo starts, or says in one sentence why it can't be.</summary>
public sealed class StoragePreparation(DbDataSource source, DataFolder folder, IOptions<StorageOptions> options, TimeProvider time, ILogger<SchemaMigrator> logger)
{
    /// <summary>Opens the store and applies the schema.</summary>
    /// <exception cref="StartupException">The store can't be used; the message says why and what to do.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var provider = options.Value.Engine;
        try
        {
            if (source is SqliteDataSource sqlite)
            {
                folder.Take(Path.GetDirectoryName(sqlite.FilePath)!);
                sqlite.Prepare();
            }

            await new SchemaMigrator(source, provider, SchemaMigration.Load(provider), time, logger).MigrateAsync(cancellationToken);
        }
        catch (SqliteException exception)
        {
            throw Explain(exception, options.Value.SqliteFile);
        }
        catch (NpgsqlException exception)
        {
            throw Explain(exception);
        }
    }

    private static StartupException Explain(SqliteException exception, string file) => new(
        exception.SqliteErrorCode switch
        {
            SQLITE_BUSY or SQLITE_LOCKED => $"The database file {file} is locked by another process. Stop that process.",
            SQLITE_NOTADB or SQLITE_CORRUPT => $"The file {file} is damaged or no database ({exception.Message}). Move it away and restore a backup.",
            SQLITE_FULL => $"There is no room to write the database file {file}.",
            SQLITE_CANTOPEN or SQLITE_READONLY or SQLITE_PERM or SQLITE_IOERR or SQLITE_AUTH =>
                $"The database file {file} can't be read and written ({exception.Message}). Give the process's user access to it.",
            _ => $"The database file {file} can't be prepared: {exception.Message}",
        },
        inner: exception);

    private StartupException Explain(NpgsqlException exception)
    {
        var builder = new NpgsqlConnectionStringBuilder(options.Value.ConnectionString);
        var server = $"{builder.Host}:{builder.Port}";
        return new StartupException(
            exception switch
            {
                PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } refused =>
                    $"PostgreSQL at {server} refuses user '{builder.Username}': {refused.MessageText}. Check Username and Password in ConnectionStrings:Storage.",
                PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } =>
                    $"PostgreSQL at {server} has no database '{builder.Database}'. Create it, or correct Database in ConnectionStrings:Storage.",
                PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } refused =>
                    $"User '{builder.Username}' may not prepare the database '{builder.Database}': {refused.MessageText}. Make it the owner of the database.",
                PostgresException other => $"PostgreSQL at {server} can't be prepared: {other.MessageText} ({other.SqlState}).",
                { InnerException: SocketException socket } => $"PostgreSQL at {server} can't be reached: {socket.Message}. Start it, or correct Host and Port in ConnectionStrings:Storage.",
                _ => $"PostgreSQL at {server} does not answer: {exception.InnerException?.Message ?? exception.Message}. Check Host and Port in ConnectionStrings:Storage.",
            },
            inner: exception);
    }
}
