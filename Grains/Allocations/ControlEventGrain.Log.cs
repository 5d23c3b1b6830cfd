using Microsoft.Extensions.Logging;

namespace NetDiscovery.Grains.Allocations;

public sealed partial class ControlEventGrain
{
    [LoggerMessage(2210, LogLevel.Warning, "Of a batch from relay {RelayId}, {Failed} of {Allocations} allocations failed; the relay sends the batch again.")]
    private partial void DeliveriesFailed(string relayId, int failed, int allocations);

    [LoggerMessage(2211, LogLevel.Debug, "Observed Bindings of {Failed} of {Sessions} sessions are lost.")]
    private partial void ObservationsLost(int failed, int sessions);
}
