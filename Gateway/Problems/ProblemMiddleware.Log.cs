namespace NetDiscovery.Gateway.Problems;

public sealed partial class ProblemMiddleware
{
    [LoggerMessage(4001, LogLevel.Warning, "{Method} {Path} answered {Code}: {Problem}")]
    private partial void LogDependency(string method, string path, string code, string problem);

    [LoggerMessage(4002, LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogFailure(string method, string path, Exception exception);
}
