using NetDiscovery.Relay.Protocol.Registries;
using AllocationCloseReason = NetDiscovery.Grains.Interfaces.Allocations.AllocationCloseReason;

namespace NetDiscovery.Relay.Hosting;

internal sealed partial class ClientLog
{
    [LoggerMessage(1501, LogLevel.Debug, "{Method} of {Client} over {Transport} answered {Code}")]
    private partial void LogRefused(StunMethod method, LoggedAddress client, Transport transport, int code);

    [LoggerMessage(1502, LogLevel.Debug, "{Method} of {Client} names a closed peer, {Peer}")]
    private partial void LogPeerRefused(StunMethod method, LoggedAddress client, LoggedAddress peer);

    [LoggerMessage(1503, LogLevel.Debug, "Allocation {Allocation} of tenant {Tenant} opened for {Client} over {Transport}")]
    private partial void LogOpened(string allocation, string tenant, LoggedAddress client, Transport transport);

    [LoggerMessage(1504, LogLevel.Debug, "Allocation {Allocation} ended, {Reason}; its client was {Client}")]
    private partial void LogClosed(string allocation, AllocationCloseReason reason, LoggedAddress client);

    [LoggerMessage(1505, LogLevel.Debug, "A connection of {Client} was not taken: limit of {Limit}")]
    private partial void LogConnectionRefused(LoggedAddress client, string limit);

    [LoggerMessage(1506, LogLevel.Debug, "A TLS handshake with {Client} failed: {Problem}")]
    private partial void LogHandshakeFailed(LoggedAddress client, string problem);
}
