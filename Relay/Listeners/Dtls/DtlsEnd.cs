namespace NetDiscovery.Relay.Listeners.Dtls;

/// <summary>Why an association left the table.</summary>
internal enum DtlsEnd
{
    /// <summary>The client sent close_notify.</summary>
    ClosedByClient,

    /// <summary>The relay closed it: draining, cut, shutdown.</summary>
    ClosedByRelay,

    /// <summary>No record for the idle limit, and no allocation.</summary>
    Idle,

    /// <summary>The handshake took longer than its limit, or its retransmissions ran out.</summary>
    HandshakeTimeout,

    /// <summary>OpenSSL refused the handshake, or the client sent a fatal alert.</summary>
    Failed,

    /// <summary>The client began a new association from the same address (RFC 6347 §4.2.8).</summary>
    Replaced,
}
