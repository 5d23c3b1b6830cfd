namespace NetDiscovery.Client.Models;

/// <summary>What was counted. Bytes at the peer are application data; bytes at the client are whole payloads with TURN framing, after authentication.</summary>
public record UsageCounts
{
    /// <summary>Allocations opened.</summary>
    public long Allocations { get; init; }

    /// <summary>Whole seconds that allocations were alive.</summary>
    public long AllocationSeconds { get; init; }

    /// <summary>Sessions created.</summary>
    public long Sessions { get; init; }

    /// <summary>Authenticated STUN Bindings.</summary>
    public long Bindings { get; init; }

    /// <summary>Tokens minted.</summary>
    public long Tokens { get; init; }

    /// <summary>Bytes, client to relay.</summary>
    public long BytesFromClient { get; init; }

    /// <summary>Bytes, relay to client.</summary>
    public long BytesToClient { get; init; }

    /// <summary>Bytes, relay to peer.</summary>
    public long BytesToPeer { get; init; }

    /// <summary>Bytes, peer to relay.</summary>
    public long BytesFromPeer { get; init; }

    /// <summary>Packets, client to relay.</summary>
    public long PacketsFromClient { get; init; }

    /// <summary>Packets, relay to client.</summary>
    public long PacketsToClient { get; init; }

    /// <summary>Packets, relay to peer.</summary>
    public long PacketsToPeer { get; init; }

    /// <summary>Packets, peer to relay.</summary>
    public long PacketsFromPeer { get; init; }
}

/// <summary>Usage of one interval. Keys that the query does not keep apart are null; an empty one means none.</summary>
public sealed record UsageRow : UsageCounts
{
    /// <summary>Begin.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>End, exclusive.</summary>
    public DateTimeOffset To { get; init; }

    /// <summary>The tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>The session.</summary>
    public string? Session { get; init; }

    /// <summary>The token's label.</summary>
    public string? Label { get; init; }

    /// <summary>The region.</summary>
    public string? Region { get; init; }

    /// <summary>The relay.</summary>
    public string? Relay { get; init; }

    /// <summary><c>udp</c>, <c>tcp</c>, <c>tls</c> or <c>dtls</c>.</summary>
    public string? Transport { get; init; }
}

/// <summary>One row of the ledger.</summary>
public sealed record LedgerRow : UsageCounts
{
    /// <summary>Where an export goes on after this row.</summary>
    public long Cursor { get; init; }

    /// <summary>The hour it belongs to.</summary>
    public DateTimeOffset Hour { get; init; }

    /// <summary>The tenant.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>The session; empty = none.</summary>
    public string Session { get; init; } = "";

    /// <summary>The label; empty = none.</summary>
    public string Label { get; init; } = "";

    /// <summary>The region.</summary>
    public string Region { get; init; } = "";

    /// <summary>The relay; empty = none.</summary>
    public string Relay { get; init; } = "";

    /// <summary>The transport; empty = none.</summary>
    public string Transport { get; init; } = "";
}

/// <summary>One page of usage.</summary>
/// <param name="Items">In order of time, then keys.</param>
/// <param name="Next">Where the next page begins; null on the last.</param>
/// <param name="SealedUntil">Rows that end at or before this never change.</param>
public sealed record UsagePage(IReadOnlyList<UsageRow> Items, string? Next, DateTimeOffset SealedUntil);

/// <summary>What a session used.</summary>
/// <param name="Session">The session.</param>
/// <param name="Totals">The sum of the items.</param>
/// <param name="Items">By hour, region, relay and transport.</param>
/// <param name="SealedUntil">Items that end at or before this never change.</param>
public sealed record SessionUsage(string Session, UsageCounts Totals, IReadOnlyList<UsageRow> Items, DateTimeOffset SealedUntil);

/// <summary>Which usage is asked for.</summary>
public sealed record UsageQuery
{
    /// <summary>Begin; null = the platform's default.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>End, exclusive; null = now.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary><c>hour</c>, <c>day</c> or <c>month</c>.</summary>
    public string Granularity { get; init; } = "hour";

    /// <summary>What is kept apart: <c>region</c>, <c>session</c>, <c>label</c>, <c>relay</c>, <c>transport</c>.</summary>
    public IReadOnlyList<string> GroupBy { get; init; } = [];

    /// <summary>Acts for this tenant: a sub-account, or any for the operator.</summary>
    public string? Tenant { get; init; }
}
