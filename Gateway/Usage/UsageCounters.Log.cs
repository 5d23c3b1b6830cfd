namespace NetDiscovery.Gateway.Usage;

public sealed partial class UsageCounters
{
    [LoggerMessage(4101, LogLevel.Warning, "The ledger did not confirm {Count} usage reports, sending them again: {Problem}")]
    private partial void LogNotConfirmed(int count, string problem);

    [LoggerMessage(4102, LogLevel.Error, "Stopped with {Count} usage counters that the ledger did not confirm")]
    private partial void LogLost(int count);
}
