using NetDiscovery.Hostile.Load;

namespace NetDiscovery.Hostile;

/// <summary>What one attack did, and what it left.</summary>
internal sealed record HostileAttack
{
    /// <summary>What legitimate clients lost meanwhile.</summary>
    public required LossReport Loss { get; init; }

    /// <summary>Hostile datagrams that went out.</summary>
    public required long Datagrams { get; init; }

    /// <summary>Addresses they came from.</summary>
    public required long Sources { get; init; }

    /// <summary>How long they took.</summary>
    public required TimeSpan Time { get; init; }

    /// <summary>Slow TCP connections.</summary>
    public required (long Opened, int MostOpen, long EndedByServer, long Refused) Connections { get; init; }

    /// <summary>Processor time of the server.</summary>
    public required TimeSpan Processor { get; init; }

    /// <summary>Datagrams that found the server's sockets full.</summary>
    public required long Drops { get; init; }

    /// <summary>Resident bytes of the server, at most and once it had settled.</summary>
    public required (long Peak, long After) Resident { get; init; }

    /// <summary>How long memory took to come back; null when it did not.</summary>
    public required TimeSpan? Back { get; init; }
}
