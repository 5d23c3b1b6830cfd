using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>The key of a row of <c>usage_hour</c>.</summary>
internal sealed record SqliteUsageHour(string Hour, string OccurredHour, string Tenant, string Session, string Label, string Region, string Relay, string Transport)
{
    private static readonly string Sql = $"""
        INSERT INTO usage_hour (hour, occurred_hour, tenant, session, label, region, relay, transport, {UsageColumns.Join("{c}")})
        VALUES (@hour, @occurred, @tenant, @session, @label, @region, @relay, @transport, {UsageColumns.Join("@{c}")})
        ON CONFLICT (tenant, hour, occurred_hour, session, label, region, relay, transport) DO UPDATE
        SET {UsageColumns.Join("{c} = usage_hour.{c} + excluded.{c}")}
        """;

    private static readonly string[] Names =
        [.. ((string[])["hour", "occurred", "tenant", "session", "label", "region", "relay", "transport", .. UsageColumns.All.Select(column => column.Name)]).Select(name => "@" + name)];

    /// <summary>Adds to each hour what was counted for it; rows that would add nothing are left out.</summary>
    public static void Add(PreparedConnection connection, Dictionary<SqliteUsageHour, UsageTotals> hours)
    {
        var command = connection.Command(Sql, Names);
        foreach (var (key, added) in hours.Where(hour => hour.Value != default))
        {
            object[] values = [key.Hour, key.OccurredHour, key.Tenant, key.Session, key.Label, key.Region, key.Relay, key.Transport,
                .. UsageColumns.All.Select(column => (object)column.Get(added))];
            for (var i = 0; i < values.Length; i++)
            {
                command.Parameters[i].Value = values[i];
            }

            command.ExecuteNonQuery();
        }
    }
}
