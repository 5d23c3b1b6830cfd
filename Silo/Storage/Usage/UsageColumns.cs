using System.Data.Common;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>The counters of <see cref="UsageTotals"/> as columns, in one order everywhere.</summary>
internal static class UsageColumns
{
    /// <summary>Column name and the counter it holds.</summary>
    public static IReadOnlyList<(string Name, Func<UsageTotals, long> Get)> All { get; } =
    [
        ("allocations", totals => totals.Allocations),
        ("allocation_seconds", totals => totals.AllocationSeconds),
        ("sessions", totals => totals.Sessions),
        ("bindings", totals => totals.Bindings),
        ("tokens", totals => totals.Tokens),
        ("bytes_from_client", totals => totals.BytesFromClient),
        ("bytes_to_client", totals => totals.BytesToClient),
        ("bytes_to_peer", totals => totals.BytesToPeer),
        ("bytes_from_peer", totals => totals.BytesFromPeer),
        ("packets_from_client", totals => totals.PacketsFromClient),
        ("packets_to_client", totals => totals.PacketsToClient),
        ("packets_to_peer", totals => totals.PacketsToPeer),
        ("packets_from_peer", totals => totals.PacketsFromPeer),
    ];

    /// <summary>Text for each counter, joined by commas; <c>{c}</c> stands for the column.</summary>
    public static string Join(string pattern, string separator = ", ") =>
        string.Join(separator, All.Select(column => pattern.Replace("{c}", column.Name, StringComparison.Ordinal)));

    /// <summary>Reads all counters, the first from <paramref name="column"/>.</summary>
    public static UsageTotals Read(DbDataReader reader, int column) => new()
    {
        Allocations = reader.GetInt64(column),
        AllocationSeconds = reader.GetInt64(column + 1),
        Sessions = reader.GetInt64(column + 2),
        Bindings = reader.GetInt64(column + 3),
        Tokens = reader.GetInt64(column + 4),
        BytesFromClient = reader.GetInt64(column + 5),
        BytesToClient = reader.GetInt64(column + 6),
        BytesToPeer = reader.GetInt64(column + 7),
        BytesFromPeer = reader.GetInt64(column + 8),
        PacketsFromClient = reader.GetInt64(column + 9),
        PacketsToClient = reader.GetInt64(column + 10),
        PacketsToPeer = reader.GetInt64(column + 11),
        PacketsFromPeer = reader.GetInt64(column + 12),
    };
}
