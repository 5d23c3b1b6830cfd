namespace NetDiscovery.Grains.Interfaces.Usage;

/// <summary>Counters of one source of usage since it began: running totals that never fall.</summary>
/// <remarks>
/// Bytes at the peer are application data in UDP payloads; bytes at the client are whole UDP or TCP payloads including TURN framing,
/// from the authenticated Allocate on (docs/reference/usage.md).
/// </remarks>
[GenerateSerializer, Immutable, Alias("UsageTotals")]
public readonly record struct UsageTotals
{
    /// <summary>Allocations opened.</summary>
    [Id(0)] public long Allocations { get; init; }

    /// <summary>Whole seconds allocations were alive.</summary>
    [Id(1)] public long AllocationSeconds { get; init; }

    /// <summary>Sessions created.</summary>
    [Id(2)] public long Sessions { get; init; }

    /// <summary>Authenticated STUN Bindings.</summary>
    [Id(3)] public long Bindings { get; init; }

    /// <summary>Tokens minted.</summary>
    [Id(4)] public long Tokens { get; init; }

    /// <summary>Bytes, client to relay.</summary>
    [Id(5)] public long BytesFromClient { get; init; }

    /// <summary>Bytes, relay to client.</summary>
    [Id(6)] public long BytesToClient { get; init; }

    /// <summary>Bytes, relay to peer.</summary>
    [Id(7)] public long BytesToPeer { get; init; }

    /// <summary>Bytes, peer to relay.</summary>
    [Id(8)] public long BytesFromPeer { get; init; }

    /// <summary>Packets (messages on a stream), client to relay.</summary>
    [Id(9)] public long PacketsFromClient { get; init; }

    /// <summary>Packets, relay to client.</summary>
    [Id(10)] public long PacketsToClient { get; init; }

    /// <summary>Packets, relay to peer.</summary>
    [Id(11)] public long PacketsToPeer { get; init; }

    /// <summary>Packets, peer to relay.</summary>
    [Id(12)] public long PacketsFromPeer { get; init; }

    /// <summary>Sum, counter by counter.</summary>
    public static UsageTotals operator +(UsageTotals left, UsageTotals right) => new()
    {
        Allocations = left.Allocations + right.Allocations,
        AllocationSeconds = left.AllocationSeconds + right.AllocationSeconds,
        Sessions = left.Sessions + right.Sessions,
        Bindings = left.Bindings + right.Bindings,
        Tokens = left.Tokens + right.Tokens,
        BytesFromClient = left.BytesFromClient + right.BytesFromClient,
        BytesToClient = left.BytesToClient + right.BytesToClient,
        BytesToPeer = left.BytesToPeer + right.BytesToPeer,
        BytesFromPeer = left.BytesFromPeer + right.BytesFromPeer,
        PacketsFromClient = left.PacketsFromClient + right.PacketsFromClient,
        PacketsToClient = left.PacketsToClient + right.PacketsToClient,
        PacketsToPeer = left.PacketsToPeer + right.PacketsToPeer,
        PacketsFromPeer = left.PacketsFromPeer + right.PacketsFromPeer,
    };
}
