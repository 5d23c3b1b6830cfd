using System.Text.Json.Serialization;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Usage;

/// <summary>What was counted. Bytes at the peer are application data; bytes at the client are whole payloads with TURN framing, after authentication.</summary>
public record UsageCounts
{
    /// <summary>Allocations opened.</summary>
    [JsonPropertyOrder(1)] public long Allocations { get; init; }

    /// <summary>Whole seconds that allocations were alive.</summary>
    [JsonPropertyOrder(1)] public long AllocationSeconds { get; init; }

    /// <summary>Sessions created.</summary>
    [JsonPropertyOrder(1)] public long Sessions { get; init; }

    /// <summary>Authenticated STUN Bindings.</summary>
    [JsonPropertyOrder(1)] public long Bindings { get; init; }

    /// <summary>Tokens minted.</summary>
    [JsonPropertyOrder(1)] public long Tokens { get; init; }

    /// <summary>Bytes, client to relay.</summary>
    [JsonPropertyOrder(1)] public long BytesFromClient { get; init; }

    /// <summary>Bytes, relay to client.</summary>
    [JsonPropertyOrder(1)] public long BytesToClient { get; init; }

    /// <summary>Bytes, relay to peer.</summary>
    [JsonPropertyOrder(1)] public long BytesToPeer { get; init; }

    /// <summary>Bytes, peer to relay.</summary>
    [JsonPropertyOrder(1)] public long BytesFromPeer { get; init; }

    /// <summary>Packets, client to relay.</summary>
    [JsonPropertyOrder(1)] public long PacketsFromClient { get; init; }

    /// <summary>Packets, relay to client.</summary>
    [JsonPropertyOrder(1)] public long PacketsToClient { get; init; }

    /// <summary>Packets, relay to peer.</summary>
    [JsonPropertyOrder(1)] public long PacketsToPeer { get; init; }

    /// <summary>Packets, peer to relay.</summary>
    [JsonPropertyOrder(1)] public long PacketsFromPeer { get; init; }

    /// <summary>Takes over all counters.</summary>
    protected internal static T Fill<T>(T row, UsageTotals totals) where T : UsageCounts => (T)(row with
    {
        Allocations = totals.Allocations,
        AllocationSeconds = totals.AllocationSeconds,
        Sessions = totals.Sessions,
        Bindings = totals.Bindings,
        Tokens = totals.Tokens,
        BytesFromClient = totals.BytesFromClient,
        BytesToClient = totals.BytesToClient,
        BytesToPeer = totals.BytesToPeer,
        BytesFromPeer = totals.BytesFromPeer,
        PacketsFromClient = totals.PacketsFromClient,
        PacketsToClient = totals.PacketsToClient,
        PacketsToPeer = totals.PacketsToPeer,
        PacketsFromPeer = totals.PacketsFromPeer,
    });

    /// <summary>The counters alone.</summary>
    public static UsageCounts Of(UsageTotals totals) => Fill(new UsageCounts(), totals);
}

/// <summary>Usage of one interval. Only the keys that the request keeps apart are there; an empty one means none.</summary>
public sealed record UsageRowResponse(
    DateTimeOffset From,
    DateTimeOffset To,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Tenant,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Session,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Label,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Region,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Relay,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Transport) : UsageCounts
{
    /// <summary>What the API shows of <paramref name="row"/>.</summary>
    /// <param name="row">The row.</param>
    /// <param name="tenant">Whose usage was asked for; null when every tenant's was.</param>
    public static UsageRowResponse Of(UsageRow row, string? tenant) => Fill(
        new UsageRowResponse(row.From, row.To, row.Tenant?.ToString() ?? tenant, row.Session, row.Label, row.Region, row.RelayId, row.Transport), row.Totals);
}

/// <summary>One page of usage.</summary>
/// <param name="Items">In order of time, then keys.</param>
/// <param name="Next">Send as <c>after</c> for the next page; null on the last.</param>
/// <param name="SealedUntil">Rows that end at or before this never change, in any region.</param>
/// <param name="MissingRegions">Regions that could not be asked: what happened there is not in the sums, and nothing is sealed. Left out when all were.</param>
public sealed record UsagePageResponse(
    IReadOnlyList<UsageRowResponse> Items, string? Next, DateTimeOffset SealedUntil,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? MissingRegions = null);

/// <summary>One row of the ledger.</summary>
public sealed record LedgerRowResponse(
    long Cursor, DateTimeOffset Hour, string Tenant, string Session, string Label, string Region, string Relay, string Transport) : UsageCounts
{
    /// <summary>What the API shows of <paramref name="row"/>.</summary>
    public static LedgerRowResponse From(LedgerRow row) => Fill(
        new LedgerRowResponse(
            row.Cursor, row.Hour, row.Keys.Tenant.ToString(), row.Keys.Session, row.Keys.Label, row.Keys.Region, row.Keys.RelayId, row.Keys.Transport),
        row.Totals);
}

/// <summary>What a session used.</summary>
/// <param name="Session">The session.</param>
/// <param name="Totals">The sum of the items.</param>
/// <param name="Items">By hour, region, relay and transport.</param>
/// <param name="SealedUntil">Items that end at or before this never change.</param>
public sealed record SessionUsageResponse(string Session, UsageCounts Totals, IReadOnlyList<UsageRowResponse> Items, DateTimeOffset SealedUntil)
{
    /// <summary>Rows asked for in one call.</summary>
    internal const int RowsAtOnce = 1_000;

    /// <summary>Most rows shown.</summary>
    internal const int MaxRows = 10_000;

    /// <summary>Sums <paramref name="rows"/>.</summary>
    internal static SessionUsageResponse From(Session session, IReadOnlyList<UsageRow> rows, DateTimeOffset sealedUntil) => new(
        session.Id.ToString(),
        UsageCounts.Of(rows.Aggregate(default(UsageTotals), static (sum, row) => sum + row.Totals)),
        [.. rows.Select(row => UsageRowResponse.Of(row, session.Tenant.ToString()))],
        sealedUntil);
}
