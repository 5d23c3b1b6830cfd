namespace NetDiscovery.Silo.Storage;

/// <summary>The database engine behind a silo.</summary>
public enum StorageProvider
{
    /// <summary>An embedded file: one process, one region.</summary>
    Sqlite,

    /// <summary>A PostgreSQL server shared by the silos of a region.</summary>
    PostgreSql,
}
