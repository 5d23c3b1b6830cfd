using Microsoft.Extensions.Logging;

namespace NetDiscovery.Grains.Callbacks;

public sealed partial class CallbackGrain
{
    // Debug: what a tenant does, or its server does not do, must not fill the operator's log. The log of deliveries and the metrics say it.
    [LoggerMessage(2300, LogLevel.Debug, "{Refused} events of {Key} were not taken: {Max} wait already.")]
    private partial void NoRoom(string key, int refused, int max);

    [LoggerMessage(2301, LogLevel.Debug, "Event {EventId} was given up after {Attempts} attempts: {Problem}.")]
    private partial void GaveUp(string eventId, int attempts, string? problem);

    [LoggerMessage(2302, LogLevel.Debug, "Deliveries of {Key} stopped for a moment.")]
    private partial void Stopped(string key, Exception exception);
}
