using Microsoft.Data.Sqlite;
using Npgsql;
using static SQLitePCL.raw;

namespace NetDiscovery.Silo.Storage;

/// <summary>Tells a store that is away from data it won't take.</summary>
internal static class StorageFailure
{
    /// <returns>True when the same commit may succeed later without a change: no connection, time-out, server stopping or overloaded, file locked, disk full.</returns>
    public static bool IsStoreAway(Exception exception) => exception switch
    {
        // Class 22: a value out of range or with a character that text can't hold; 23: a constraint; 21: two values for one row; 42: our SQL.
        PostgresException postgres => postgres.SqlState[..2] is not ("21" or "22" or "23" or "42"),
        NpgsqlException or TimeoutException or IOException or OperationCanceledException => true,
        SqliteException sqlite => sqlite.SqliteErrorCode is SQLITE_BUSY or SQLITE_LOCKED or SQLITE_FULL or SQLITE_IOERR or SQLITE_CANTOPEN or SQLITE_READONLY
            or SQLITE_CORRUPT or SQLITE_NOTADB or SQLITE_PERM or SQLITE_INTERRUPT or SQLITE_NOMEM,
        _ => false,
    };
}
