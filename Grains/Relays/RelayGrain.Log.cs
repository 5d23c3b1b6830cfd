using Microsoft.Extensions.Logging;

namespace NetDiscovery.Grains.Relays;

public sealed partial class RelayGrain
{
    [LoggerMessage(2100, LogLevel.Warning, "State of relay {RelayId} could not be stored; it is kept in memory and tried again.")]
    private partial void NotStored(string relayId, Exception exception);

    [LoggerMessage(2101, LogLevel.Warning, "Relay {RelayId} has {Max} unconfirmed commands; a further one was refused.")]
    private partial void QueueFull(string relayId, int max);

    [LoggerMessage(2102, LogLevel.Warning, "Relay {RelayId}: incarnation {Replaced} was alive a moment ago and {Incarnation} registers. If this repeats, two relays use one id.")]
    private partial void IncarnationReplaced(string relayId, Guid replaced, Guid incarnation);

    [LoggerMessage(2109, LogLevel.Warning, "Relay {RelayId} is draining, and the directory did not name another for its clients.")]
    private partial void NoAlternatives(string relayId, Exception exception);

    [LoggerMessage(2103, LogLevel.Debug, "Relay {RelayId} was asked to give back of {Allowance} and did not answer.")]
    private partial void NotReclaimed(string relayId, string allowance, Exception exception);
}
