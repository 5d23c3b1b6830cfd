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

    private const int WriterCacheKiB = 16 * 1024;

    // The one given back last comes first: each has a cache of the file's pages, which what the others write makes stale.
    private readonly ConcurrentStack<PreparedConnection> idle = new();

    // The file has one writer at a time: who waits for it here is woken, who waits in SQLite sleeps between tries. One connection for all of them, so that its
    // cache is stale only when somebody else writes.
    private readonly SemaphoreSlim writing = new(1, 1);
    private PreparedConnection? writer;
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

    /// <summary>A connection that keeps its statements, for reading often; give it back by disposing it.</summary>
    internal PreparedConnection Rent() => idle.TryPop(out var waiting) ? waiting : new PreparedConnection(OpenStable(""), GiveBack);

    /// <summary>The connection for writing often, which keeps its statements and pages; others wait until it is given back by disposing it.</summary>
    internal async ValueTask<PreparedConnection> RentWriterAsync()
    {
        await writing.WaitAsync();
        try
        {
            return writer ??= new PreparedConnection(OpenStable($"PRAGMA cache_size = {-WriterCacheKiB};"), _ => GiveBackWriter());
        }
        catch
        {
            writing.Release();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override DbConnection CreateDbConnection() => new SqliteConnection(ConnectionString);

    /// <inheritdoc/>
    protected override DbConnection OpenDbConnection() => OpenConnection("");

    /// <inheritdoc/>
    protected override ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default) => new(OpenDbConnection());

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            disposed = true;
            CloseIdle();
            if (writing.Wait(0))
            {
                GiveBackWriter();
            }

            using var connection = new SqliteConnection(ConnectionString);
            SqliteConnection.ClearPool(connection);
        }
    }

    private SqliteConnection OpenConnection(string more)
    {
        var connection = new SqliteConnection(ConnectionString);
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = SetUp + more;
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // A parameter compared with the column of a partial index makes SQLite compile the statement again for every value, triggers and all, to see whether the
    // index can serve it: kept statements would gain nothing.
    private SqliteConnection OpenStable(string more)
    {
        var connection = OpenConnection(more);
        SQLitePCL.raw.sqlite3_db_config(connection.Handle, SQLitePCL.raw.SQLITE_DBCONFIG_ENABLE_QPSG, 1, out _);
        return connection;
    }

    private void GiveBack(PreparedConnection connection)
    {
        idle.Push(connection);
        if (disposed)
        {
            CloseIdle();
        }
    }

    private void GiveBackWriter()
    {
        if (disposed)
        {
            writer?.Close();
            writer = null;
        }

        writing.Release();
    }

    private void CloseIdle()
    {
        while (idle.TryPop(out var connection))
        {
            connection.Close();
        }
    }
}
