namespace NetDiscovery.Relay.Listeners.Dtls;

/// <summary>What one table met so far beside handshakes. Written by its worker alone; read by anybody, approximately.</summary>
internal sealed class DtlsCounters
{
    /// <summary>HelloVerifyRequests sent.</summary>
    public long CookiesSent;

    /// <summary>Datagrams that belong to no association and begin none.</summary>
    public long Strays;

    /// <summary>Messages that were not sent: association ended, or message too long for a record.</summary>
    public long Unsendable;
}
