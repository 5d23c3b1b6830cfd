using Microsoft.Extensions.Logging;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Grains.Tenants;

public sealed partial class TenantGrain
{
    [LoggerMessage(2000, LogLevel.Warning, "Relay {RelayId} could not be told of a change of tenant {Tenant}; it will see it when it next fetches the snapshot.")]
    private partial void RelayNotNotified(TenantId tenant, string relayId, Exception exception);

    [LoggerMessage(2001, LogLevel.Warning, "Relay {RelayId} takes no commands; it was not told of a change of tenant {Tenant}.")]
    private partial void RelayQueueFull(TenantId tenant, string relayId);

    [LoggerMessage(2002, LogLevel.Warning, "The relays subscribed to tenant {Tenant} could not be stored; they are known until this silo stops.")]
    private partial void SubscribersNotStored(TenantId tenant, Exception exception);
}
