using System.Collections.Immutable;

namespace NetDiscovery.Grains.Interfaces.Usage;

/// <summary>Folds usage reports of a tenant into the ledger, exactly once. Key: <see cref="GrainKeys.Usage"/>.</summary>
[Alias("usage"), GrainInterfaceType("usage")]
public interface IUsageGrain : IGrainWithStringKey
{
    /// <summary>Returns when every report is in the ledger. When it throws or times out, send the same again.</summary>
    [Alias("record")]
    Task RecordAsync(ImmutableArray<UsageReport> reports);
}

/// <summary>Reads the ledger. Stateless; use key 0.</summary>
[Alias("usage-query"), GrainInterfaceType("usage-query")]
public interface IUsageQueryGrain : IGrainWithIntegerKey
{
    /// <returns>One page of sums.</returns>
    [Alias("query"), ResponseTimeout(CallTimeouts.Reading)]
    Task<UsagePage> QueryAsync(UsageQuery query);

    /// <summary>Ledger rows in the order they were sealed; the same rows on every read.</summary>
    /// <param name="tenant">Only this tenant's; null for all (operator).</param>
    /// <param name="after">Cursor: <see cref="LedgerRow.Cursor"/> of the last row read; 0 for the first.</param>
    /// <param name="limit">1 to 10,000.</param>
    [Alias("export"), ResponseTimeout(CallTimeouts.Reading)]
    Task<ImmutableArray<LedgerRow>> ExportAsync(TenantId? tenant, long after, int limit);
}

/// <summary>What to sum.</summary>
/// <param name="Tenant">Only this tenant's; null for all (operator).</param>
/// <param name="Session">Only this session's; null for any.</param>
/// <param name="From">Start, inclusive; rounded down to the granularity.</param>
/// <param name="To">End, exclusive; rounded up to the granularity.</param>
/// <param name="Granularity">Length of a row's interval.</param>
/// <param name="GroupBy">Keys to keep apart; the others are summed over.</param>
/// <param name="Offset">Rows to skip.</param>
/// <param name="Limit">Page size, 1 to 1,000.</param>
[GenerateSerializer, Immutable, Alias("UsageQuery")]
public sealed record UsageQuery(
    [property: Id(0)] TenantId? Tenant,
    [property: Id(1)] string? Session,
    [property: Id(2)] DateTimeOffset From,
    [property: Id(3)] DateTimeOffset To,
    [property: Id(4)] UsageGranularity Granularity,
    [property: Id(5)] UsageGroups GroupBy,
    [property: Id(6)] int Offset,
    [property: Id(7)] int Limit);

/// <summary>Length of a usage row's interval, in UTC.</summary>
[GenerateSerializer, Alias("UsageGranularity")]
public enum UsageGranularity
{
    /// <summary>One hour.</summary>
    Hour,

    /// <summary>One calendar day.</summary>
    Day,

    /// <summary>One calendar month.</summary>
    Month,
}

/// <summary>Keys that a usage query keeps apart.</summary>
[Flags, GenerateSerializer, Alias("UsageGroups")]
public enum UsageGroups
{
    /// <summary>One row for each interval.</summary>
    None = 0,

    /// <summary>By region.</summary>
    Region = 1,

    /// <summary>By session.</summary>
    Session = 2,

    /// <summary>By credential label.</summary>
    Label = 4,

    /// <summary>By relay.</summary>
    Relay = 8,

    /// <summary>By transport between client and relay.</summary>
    Transport = 16,

    /// <summary>By tenant (operator).</summary>
    Tenant = 32,
}

/// <summary>One page of sums.</summary>
/// <param name="Rows">In order of time, then keys.</param>
/// <param name="More">True when rows follow: ask again with a larger offset.</param>
/// <param name="SealedUntil">Rows that end at or before this never change.</param>
[GenerateSerializer, Immutable, Alias("UsagePage")]
public sealed record UsagePage(
    [property: Id(0)] ImmutableArray<UsageRow> Rows,
    [property: Id(1)] bool More,
    [property: Id(2)] DateTimeOffset SealedUntil);

/// <summary>Usage of one interval; a key that was summed over is null.</summary>
[GenerateSerializer, Immutable, Alias("UsageRow")]
public sealed record UsageRow(
    [property: Id(0)] DateTimeOffset From,
    [property: Id(1)] DateTimeOffset To,
    [property: Id(2)] TenantId? Tenant,
    [property: Id(3)] string? Session,
    [property: Id(4)] string? Label,
    [property: Id(5)] string? Region,
    [property: Id(6)] string? RelayId,
    [property: Id(7)] string? Transport,
    [property: Id(8)] UsageTotals Totals);

/// <summary>One row of the ledger: an hour, its keys, its counts.</summary>
/// <param name="Cursor">Grows from row to row; never reused.</param>
/// <param name="Hour">Start of the hour, UTC.</param>
/// <param name="Keys">What it is about.</param>
/// <param name="Totals">Counts of that hour.</param>
/// <param name="AdjustsHour">The hour it happened in, when that hour had been sealed before it was reported; else null.</param>
[GenerateSerializer, Immutable, Alias("LedgerRow")]
public sealed record LedgerRow(
    [property: Id(0)] long Cursor,
    [property: Id(1)] DateTimeOffset Hour,
    [property: Id(2)] UsageKeys Keys,
    [property: Id(3)] UsageTotals Totals,
    [property: Id(4)] DateTimeOffset? AdjustsHour = null);
