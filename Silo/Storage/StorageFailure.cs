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
        // Classes: 08 connection, 25 a server that is a read-only standby, 40 rolled back, 53 out of resources, 55 locked, 57 stopping or cancelled, 58 system.
        PostgresException postgres => postgres.SqlState[..2] is "08" or "25" or "40" or "53" or "55" or "57" or "58",
        NpgsqlException or TimeoutException or IOException or OperationCanceledException => true,
        SqliteException sqlite => sqlite.SqliteErrorCode is SQLITE_BUSY or SQLITE_LOCKED or SQLITE_FULL or SQLITE_IOERR or SQLITE_CANTOPEN or SQLITE_READONLY
            or SQLITE_CORRUPT or SQLITE_NOTADB or SQLITE_PERM or SQLITE_INTERRUPT or SQLITE_NOMEM,
        _ => false,
    };
}
