using System.Collections.Immutable;
using System.Data.Common;
using System.Text;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>Sums and exports of the ledger, on either engine.</summary>
internal sealed class UsageReader(DbDataSource source, StorageProvider provider)
{
    private const int TimeoutSeconds = 30;

    private static readonly (UsageGroups Group, string Column)[] Keys =
    [
        (UsageGroups.Tenant, "tenant"), (UsageGroups.Session, "session"), (UsageGroups.Label, "label"),
        (UsageGroups.Region, "region"), (UsageGroups.Relay, "relay"), (UsageGroups.Transport, "transport"),
    ];

    public async Task<UsagePage> QueryAsync(UsageQuery query)
    {
        await using var connection = await source.OpenConnectionAsync();

        // The watermark first: rows before it can't change between the two statements.
        var sealedUntil = await ReadSealedUntilAsync(connection);
        var keys = Keys.Where(key => query.GroupBy.HasFlag(key.Group)).Select(key => key.Column).ToList();
        await using var command = Command(connection, Sql(query, keys));
        Add(command, "from", StorageTime.Value(provider, UsageInterval.Start(query.From, query.Granularity)));
        Add(command, "to", StorageTime.Value(provider, UsageInterval.RoundUp(query.To, query.Granularity)));
        Add(command, "tenant", query.Tenant?.ToString());
        Add(command, "session", query.Session);
        Add(command, "limit", query.Limit + 1);
        Add(command, "offset", query.Offset);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = ImmutableArray.CreateBuilder<UsageRow>();
        while (rows.Count < query.Limit && await reader.ReadAsync())
        {
            rows.Add(ReadRow(reader, query.Granularity, keys));
        }

        return new UsagePage(rows.DrainToImmutable(), await reader.ReadAsync(), sealedUntil);
    }

    public async Task<IReadOnlyList<LedgerRow>> ExportAsync(TenantId? tenant, long after, int limit)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = Command(connection, $"""
            SELECT export_cursor, hour, occurred_hour, tenant, session, label, region, relay, transport, {UsageColumns.Join("{c}")}
            FROM usage_hour
            WHERE export_cursor > @after {(tenant is null ? "" : "AND tenant = @tenant")}
            ORDER BY export_cursor LIMIT @limit
            """);
        Add(command, "after", after);
        Add(command, "tenant", tenant?.ToString());
        Add(command, "limit", limit);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<LedgerRow>();
        while (await reader.ReadAsync())
        {
            var (hour, occurred) = (StorageTime.Read(reader, 1), StorageTime.Read(reader, 2));
            var keys = new UsageKeys(Tenant(reader.GetString(3)), reader.GetString(4), reader.GetString(5), reader.GetString(6), reader.GetString(7), reader.GetString(8));
            rows.Add(new LedgerRow(reader.GetInt64(0), hour, keys, UsageColumns.Read(reader, 9), occurred == hour ? null : occurred));
        }

        return rows;
    }

    private string Sql(UsageQuery query, List<string> keys)
    {
        var interval = (provider, query.Granularity) switch
        {
            (StorageProvider.PostgreSql, UsageGranularity.Hour) => "hour",
            (StorageProvider.PostgreSql, UsageGranularity.Day) => "date_trunc('day', hour, 'UTC')",
            (StorageProvider.PostgreSql, _) => "date_trunc('month', hour, 'UTC')",
            (_, UsageGranularity.Hour) => "hour",
            (_, UsageGranularity.Day) => "strftime('%Y-%m-%dT00:00:00Z', hour)",
            _ => "strftime('%Y-%m-01T00:00:00Z', hour)",
        };
        var columns = string.Concat(keys.Select(key => $", {key}"));
        var places = string.Join(", ", Enumerable.Range(1, keys.Count + 1));
        var sum = provider == StorageProvider.PostgreSql ? "sum({c})::bigint" : "sum({c})";
        return new StringBuilder()
            .Append($"SELECT {interval}{columns}, {UsageColumns.Join(sum)} FROM usage_hour WHERE hour >= @from AND hour < @to")
            .Append(query.Tenant is null ? "" : " AND tenant = @tenant")
            .Append(query.Session is null ? "" : " AND session = @session")
            .Append($" GROUP BY {places} ORDER BY {places} LIMIT @limit OFFSET @offset")
            .ToString();
    }

    private static UsageRow ReadRow(DbDataReader reader, UsageGranularity granularity, List<string> keys)
    {
        var from = StorageTime.Read(reader, 0);
        return new UsageRow(from, UsageInterval.End(from, granularity), Key("tenant") is { } tenant ? Tenant(tenant) : null,
            Key("session"), Key("label"), Key("region"), Key("relay"), Key("transport"), UsageColumns.Read(reader, keys.Count + 1));

        string? Key(string column) => keys.IndexOf(column) is >= 0 and var place ? reader.GetString(place + 1) : null;
    }

    private static async Task<DateTimeOffset> ReadSealedUntilAsync(DbConnection connection)
    {
        await using var command = Command(connection, "SELECT sealed_until FROM usage_seal");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return StorageTime.Read(reader, 0);
    }

    private static TenantId Tenant(string text) =>
        TenantId.TryParse(text, out var tenant) ? tenant : throw new InvalidDataException($"'{text}' in the ledger is no tenant id.");

    private static DbCommand Command(DbConnection connection, string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = TimeoutSeconds;
        return command;
    }

    private static void Add(DbCommand command, string name, object? value)
    {
        if (value is not null)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }
    }
}
