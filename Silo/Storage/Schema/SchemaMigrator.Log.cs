namespace NetDiscovery.Silo.Storage.Schema;

public sealed partial class SchemaMigrator
{
    [LoggerMessage(3001, LogLevel.Information, "Schema step {Version} ({Name}) applied")]
    private static partial void LogApplied(ILogger logger, int version, string name);
}
