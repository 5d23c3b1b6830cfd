using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace NetDiscovery.Silo.Storage;

/// <summary>Connections to the embedded store, each set up the same way.</summary>
/// <remarks>
/// Write-ahead log with <c>synchronous=NORMAL</c>: a commit survives the death of the process at any moment; loss of power may take the last
/// commits, never the file's consistency. Four times the writes per second of SQLite's defaults.
/// </remarks>
/// <param name="filePath">Path of the file; made when missing.</param>
public sealed class SqliteDataSource(string filePath) : DbDataSource
{
    // SQLite's own wait for a lock, which starts at a millisecond; the client library's waits 150 ms at a time.
    private const string SetUp = "PRAGMA busy_timeout = 4000; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;";

    // The one given back last comes first: each has a cache of the file's pages, which what the others write makes stale.
    private readonly ConcurrentStack<PreparedConnection> idle = new();
    private volatile bool disposed;

    /// <summary>Path of the file.</summary>
    public string FilePath => filePath;

    /// <inheritdoc/>
    public override string ConnectionString { get; } = new SqliteConnectionStringBuilder
    {
        DataSource = filePath,
        Mode = SqliteOpenMode.ReadWriteCreate,
        Cache = SqliteCacheMode.Private,
        DefaultTimeout = 4,
        Pooling = true,
    }.ConnectionString;

    /// <summary>Switches the file to the write-ahead log, which it remembers. Call once before use.</summary>
    /// <exception cref="SqliteException">The file can't be opened, is locked, or is no database.</exception>
    public void Prepare()
    {
        using var connection = OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = WAL";
        command.ExecuteNonQuery();
    }

    /// <inheritdoc cref="DbDataSource.OpenConnection"/>
    public new SqliteConnection OpenConnection() => (SqliteConnection)OpenDbConnection();

    /// <summary>A connection that keeps its statements, for what runs often; give it back by disposing it.</summary>
    internal PreparedConnection Rent() => idle.TryPop(out var waiting) ? waiting : new PreparedConnection(OpenConnection(), GiveBack);

    /// <inheritdoc/>
    protected override DbConnection CreateDbConnection() => new SqliteConnection(ConnectionString);

    /// <inheritdoc/>
    protected override DbConnection OpenDbConnection()
    {
        var connection = new SqliteConnection(ConnectionString);
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = SetUp;
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default) => new(OpenDbConnection());

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            disposed = true;
            CloseIdle();
            using var connection = new SqliteConnection(ConnectionString);
            SqliteConnection.ClearPool(connection);
        }
    }

    private void GiveBack(PreparedConnection connection)
    {
        idle.Push(connection);
        if (disposed)
        {
            CloseIdle();
        }
    }

    private void CloseIdle()
    {
        while (idle.TryPop(out var connection))
        {
            connection.Close();
        }
    }
}
