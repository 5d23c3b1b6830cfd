namespace NetDiscovery.Gateway.Idempotency;

public sealed partial class KeptAnswers
{
    [LoggerMessage(4501, LogLevel.Warning, "The answer of a request with an Idempotency-Key was not kept: {Problem}")]
    private partial void LogNotKept(string problem);

    [LoggerMessage(4502, LogLevel.Warning, "A claim on an Idempotency-Key was not given back and lapses by itself: {Problem}")]
    private partial void LogNotReleased(string problem);
}
