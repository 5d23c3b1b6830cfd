namespace NetDiscovery.Relay.Dtls;

/// <summary>The life of an association.</summary>
public enum DtlsState
{
    /// <summary>Keys are being agreed; nothing can be protected yet.</summary>
    Handshaking,

    /// <summary>Records go both ways.</summary>
    Open,

    /// <summary>One side sent close_notify; nothing goes either way any more.</summary>
    Closed,

    /// <summary>The handshake or the association failed; <see cref="DtlsAssociation.Failure"/> says why.</summary>
    Failed,
}
