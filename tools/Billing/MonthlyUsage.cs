using System.Data.Common;

namespace NetDiscovery.Billing;

/// <summary>What a tenant used in a region and a month, as the ledger's view <c>usage_monthly</c> has it.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Region">The region.</param>
/// <param name="BothDirections">Bytes from and to the client.</param>
/// <param name="EgressToClient">Bytes to the client.</param>
/// <param name="Sealed">True when none of it can change any more.</param>
public readonly record struct MonthlyUsage(string Tenant, string Region, long BothDirections, long EgressToClient, bool Sealed)
{
    // Sums of bigint are numeric in PostgreSQL and booleans are numbers in SQLite: both are made integers. The month is an interval of text for one, of time for the other.
    private const string Query = """
        SELECT tenant, region, CAST(sum(client_bytes_both_directions) AS bigint), CAST(sum(egress_to_client_bytes) AS bigint), min(CAST(sealed AS integer))
        FROM usage_monthly
        WHERE month = {0}
        GROUP BY tenant, region
        ORDER BY tenant, region
        """;

    /// <summary>Reads a month.</summary>
    /// <param name="database">The region's PostgreSQL or SQLite database; read only is enough.</param>
    /// <param name="year">Year, UTC.</param>
    /// <param name="month">1 to 12.</param>
    public static async Task<IReadOnlyList<MonthlyUsage>> ReadAsync(DbConnection database, int year, int month)
    {
        await using var command = database.CreateCommand();
        var first = $"'{year:0000}-{month:00}-01T00:00:00Z'";
        command.CommandText = Query.Replace("{0}", database is Npgsql.NpgsqlConnection ? $"timestamptz {first}" : first, StringComparison.Ordinal);
        await using var reader = await command.ExecuteReaderAsync();
        var usage = new List<MonthlyUsage>();
        while (await reader.ReadAsync())
        {
            usage.Add(new MonthlyUsage(reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4) == 1));
        }

        return usage;
    }
}
