using Microsoft.Data.Sqlite;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>Takes a report into <c>usage_source</c> and answers what it adds. Within the transaction of its connection.</summary>
internal sealed class SqliteUsageUpsert
{
    private static readonly string Sql = $"""
        INSERT INTO usage_source (source_id, sequence, tenant, session, label, region, relay, transport, observed_at, {UsageColumns.Join("{c}")}, {UsageColumns.Join("added_{c}")})
        VALUES (@source_id, @sequence, @tenant, @session, @label, @region, @relay, @transport, @observed_at, {UsageColumns.Join("@{c}")}, {UsageColumns.Join("@{c}")})
        ON CONFLICT (source_id) DO UPDATE
        SET sequence = excluded.sequence, observed_at = excluded.observed_at,
            {UsageColumns.Join("{c} = max(usage_source.{c}, excluded.{c})")},
            {UsageColumns.Join("added_{c} = max(0, excluded.{c} - usage_source.{c})")}
        WHERE usage_source.sequence < excluded.sequence
        RETURNING tenant, session, label, region, relay, transport, {UsageColumns.Join("added_{c}")}, {UsageColumns.Join("{c} > @{c}", " OR ")}
        """;

    private static readonly string[] Names =
        [.. ((string[])["source_id", "sequence", "tenant", "session", "label", "region", "relay", "transport", "observed_at", .. UsageColumns.All.Select(column => column.Name)]).Select(name => "@" + name)];

    private readonly SqliteCommand command;
    private readonly string sealedUntil;

    public SqliteUsageUpsert(PreparedConnection connection)
    {
        sealedUntil = (string)connection.Command("SELECT sealed_until FROM usage_seal").ExecuteScalar()!;
        command = connection.Command(Sql, Names);
    }

    /// <returns>What to book; null when the report is a repetition or late.</returns>
    public (SqliteUsageHour Hour, UsageTotals Added, bool Fell)? Execute(UsageReport report)
    {
        object[] values = [report.SourceId.ToString("D"), report.Sequence, report.Keys.Tenant.ToString(), report.Keys.Session, report.Keys.Label,
            report.Keys.Region, report.Keys.RelayId, report.Keys.Transport, StorageTime.Text(report.ObservedAt),
            .. UsageColumns.All.Select(column => (object)Math.Max(0, column.Get(report.Totals)))];
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }

        using var reader = command.ExecuteReader();
        if (!reader.Read())
        {
            return null;
        }

        var occurred = StorageTime.Text(StorageTime.Hour(report.ObservedAt));
        var hour = string.CompareOrdinal(occurred, sealedUntil) < 0 ? sealedUntil : occurred;
        return (
            new SqliteUsageHour(hour, occurred, reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5)),
            UsageColumns.Read(reader, 6),
            reader.GetBoolean(6 + UsageColumns.All.Count));
    }
}
