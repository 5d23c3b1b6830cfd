namespace NetDiscovery.Gateway.Authentication;

public sealed partial class CallerAuthentication
{
    [LoggerMessage(4301, LogLevel.Debug, "A wrong secret of {Claimed} came from {Client}")]
    private static partial void LogWrong(ILogger logger, string claimed, string client);
}
