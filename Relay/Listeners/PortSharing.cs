namespace NetDiscovery.Relay.Listeners;

/// <summary>Who may have the port of a datagram socket besides it.</summary>
internal enum PortSharing
{
    /// <summary>Nobody.</summary>
    None,

    /// <summary>
    /// The other workers of this relay, which bind after it. The port must be nobody's: a second relay that shared it would take half of the clients.
    /// To ask with a socket that is then closed would not do: a program that is started at that moment holds copies of this process's sockets for a while.
    /// </summary>
    First,

    /// <summary>One of those others.</summary>
    Further,
}
