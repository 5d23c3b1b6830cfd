namespace NetDiscovery.Silo.Storage.Usage;

public sealed partial class UsageAdmission
{
    [LoggerMessage(3010, LogLevel.Error, "Usage source {SourceId} reported lower totals than before; the fall was not booked")]
    private static partial void LogFell(ILogger logger, Guid sourceId);

    [LoggerMessage(3011, LogLevel.Error, "{Reports} usage reports were observed before {Oldest} and refused: too old to be told from repetitions (Usage:SourceRetentionDays)")]
    private static partial void LogTooOld(ILogger logger, int reports, DateTimeOffset oldest);
}
