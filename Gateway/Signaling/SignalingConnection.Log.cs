namespace NetDiscovery.Gateway.Signaling;

public sealed partial class SignalingConnection
{
    [LoggerMessage(4201, LogLevel.Debug, "The session's grain did not answer a signaling connection, asking again: {Problem}")]
    private static partial void LogNoAnswer(ILogger logger, string problem);
}
