using Microsoft.Extensions.Logging;

namespace NetDiscovery.Grains.Tenants;

public sealed partial class TenantReplicationGrain
{
    [LoggerMessage(2010, LogLevel.Warning, "Changes of tenants can't be fetched from the control region {Region}; what is known here goes on: {Problem}")]
    private partial void LogNotReached(string region, string problem);

    [LoggerMessage(2011, LogLevel.Information, "Changes of tenants are fetched from the control region {Region} again")]
    private partial void LogReached(string region);

    [LoggerMessage(2012, LogLevel.Warning, "The control region {Region} has another list of changes than before, up to {Head} where {Position} was known; all of it is read")]
    private partial void LogAnotherFeed(string region, long head, long position);
}
