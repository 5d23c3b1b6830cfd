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

    /// <summary>Whole seconds allocations were alive. Filled in by the allocation grain, as <see cref="Allocations"/> is.</summary>
    [Id(1)] public long AllocationSeconds { get; init; }

    /// <summary>Sessions created. Counted by the session grain.</summary>
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

    /// <summary>The greater of both, counter by counter: what keeps running totals from falling.</summary>
    public static UsageTotals Max(UsageTotals left, UsageTotals right) => new()
    {
        Allocations = Math.Max(left.Allocations, right.Allocations),
        AllocationSeconds = Math.Max(left.AllocationSeconds, right.AllocationSeconds),
        Sessions = Math.Max(left.Sessions, right.Sessions),
        Bindings = Math.Max(left.Bindings, right.Bindings),
        Tokens = Math.Max(left.Tokens, right.Tokens),
        BytesFromClient = Math.Max(left.BytesFromClient, right.BytesFromClient),
        BytesToClient = Math.Max(left.BytesToClient, right.BytesToClient),
        BytesToPeer = Math.Max(left.BytesToPeer, right.BytesToPeer),
        BytesFromPeer = Math.Max(left.BytesFromPeer, right.BytesFromPeer),
        PacketsFromClient = Math.Max(left.PacketsFromClient, right.PacketsFromClient),
        PacketsToClient = Math.Max(left.PacketsToClient, right.PacketsToClient),
        PacketsToPeer = Math.Max(left.PacketsToPeer, right.PacketsToPeer),
        PacketsFromPeer = Math.Max(left.PacketsFromPeer, right.PacketsFromPeer),
    };

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
