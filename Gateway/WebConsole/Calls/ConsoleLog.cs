namespace NetDiscovery.Gateway.WebConsole.Calls;

internal static partial class ConsoleLog
{
    [LoggerMessage(4601, LogLevel.Warning, "The console's call of {Operation} failed")]
    public static partial void LogFailure(ILogger logger, string operation, Exception exception);
}
