namespace NetDiscovery.Silo.Storage;

public sealed partial class StorageUpkeep
{
    [LoggerMessage(3020, LogLevel.Warning, "Could not {Work}, trying again within minutes: {Problem}")]
    private static partial void LogFailed(ILogger logger, string work, string problem);
}
