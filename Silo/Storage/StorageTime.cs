using System.Globalization;
using Microsoft.Data.Sqlite;

namespace NetDiscovery.Silo.Storage;

/// <summary>Moments as both engines hold them: <c>timestamptz</c> in PostgreSQL, <c>2026-01-31T23:00:00Z</c> in SQLite, which sorts as time does.</summary>
internal static class StorageTime
{
    /// <summary>The value to give a parameter.</summary>
    public static object Value(StorageProvider provider, DateTimeOffset time) => provider == StorageProvider.PostgreSql ? time.UtcDateTime : Text(time);

    /// <summary>Whole seconds, UTC.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads a column of either engine.</summary>
    public static DateTimeOffset Read(System.Data.Common.DbDataReader reader, int column) => reader is SqliteDataReader
        ? DateTimeOffset.Parse(reader.GetString(column), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)
        : new DateTimeOffset(reader.GetDateTime(column));

    /// <summary>Start of the hour, UTC.</summary>
    public static DateTimeOffset Hour(DateTimeOffset time) => new(time.UtcDateTime.Date.AddHours(time.UtcDateTime.Hour), TimeSpan.Zero);
}
