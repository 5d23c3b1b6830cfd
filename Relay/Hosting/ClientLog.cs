using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.ServiceDefaults;
using AllocationCloseReason = NetDiscovery.Grains.Interfaces.Allocations.AllocationCloseReason;

namespace NetDiscovery.Relay.Hosting;

/// <summary>
/// What one looks for when a client has trouble, at level Debug only: strangers can cause each of these lines. All log lines with an address of a client
/// or peer are here. Costs a comparison while the level is off.
/// </summary>
/// <param name="logger">Category <c>NetDiscovery.Relay.Clients</c>.</param>
/// <param name="form">How addresses are written.</param>
internal sealed partial class ClientLog(ILogger logger, ClientAddressForm form)
{
    /// <summary>The category of the lines.</summary>
    public const string Category = "NetDiscovery.Relay.Clients";

    /// <summary>A request got an error response.</summary>
    public void Refused(StunMethod method, in FiveTuple tuple, int code)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            LogRefused(method, Of(tuple.Client), tuple.Transport, code);
        }
    }

    /// <summary>A request named a peer that is closed.</summary>
    public void PeerRefused(StunMethod method, in FiveTuple tuple, in TransportAddress peer)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            LogPeerRefused(method, Of(tuple.Client), Of(peer));
        }
    }

    /// <summary>An allocation begins.</summary>
    public void Opened(Allocation allocation)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            LogOpened(allocation.Id.ToString(), allocation.Credential.Claims.Tenant.ToString(), Of(allocation.FiveTuple.Client), allocation.FiveTuple.Transport);
        }
    }

    /// <summary>An allocation ends.</summary>
    public void Closed(Allocation allocation, AllocationCloseReason reason)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            LogClosed(allocation.Id.ToString(), reason, Of(allocation.FiveTuple.Client));
        }
    }

    /// <summary>A connection was not taken.</summary>
    public void ConnectionRefused(in TransportAddress client, string limit)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            LogConnectionRefused(Of(client), limit);
        }
    }

    /// <summary>A TLS handshake came to nothing.</summary>
    public void HandshakeFailed(in TransportAddress client, Exception exception)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            LogHandshakeFailed(Of(client), exception.Message);
        }
    }

    private LoggedAddress Of(in TransportAddress address) => new(address, form);
}
