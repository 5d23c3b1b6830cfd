using Microsoft.Data.Sqlite;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>The ledger in the embedded file: one transaction for each batch, under the file's only write lock.</summary>
/// <param name="source">The file.</param>
/// <param name="admission">Refuses reports too old to be told from repetitions, and clocks ahead.</param>
public sealed class SqliteUsageLedger(SqliteDataSource source, UsageAdmission admission) : IUsageStore
{
    private readonly UsageReader reader = new(source, StorageProvider.Sqlite);

    /// <inheritdoc/>
    public async Task ApplyAsync(IReadOnlyList<UsageReport> reports)
    {
        var waves = UsageWaves.Split(admission.Admit(reports), admission.Now);
        using var connection = await source.RentWriterAsync();
        using var transaction = connection.BeginWrite();
        var upsert = new SqliteUsageUpsert(connection);
        var hours = new Dictionary<SqliteUsageHour, UsageTotals>();
        foreach (var report in waves.SelectMany(wave => wave))
        {
            if (upsert.Execute(report) is { } booking)
            {
                hours[booking.Hour] = hours.GetValueOrDefault(booking.Hour) + booking.Added;
                if (booking.Fell)
                {
                    admission.Fell(report.SourceId);
                }
            }
        }

        SqliteUsageHour.Add(connection, hours);
        transaction.Commit();
    }

    /// <inheritdoc/>
    public Task<UsagePage> QueryAsync(UsageQuery query) => reader.QueryAsync(query);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LedgerRow>> ExportAsync(TenantId? tenant, long after, int limit) => reader.ExportAsync(tenant, after, limit);

    /// <inheritdoc/>
    public Task<int> SealAsync(DateTimeOffset until, int maxRows, CancellationToken cancellationToken)
    {
        using var connection = source.OpenConnection();
        using var transaction = connection.BeginTransaction(deferred: false);
        Execute(connection, transaction, "UPDATE usage_seal SET sealed_until = @until WHERE sealed_until < @until", ("@until", StorageTime.Text(until)));
        var numbered = Execute(connection, transaction, """
            UPDATE usage_hour SET export_cursor = (SELECT last_cursor FROM usage_cursor) + due.place
            FROM (
                SELECT id AS due_id, row_number() OVER (ORDER BY hour, id) AS place
                FROM usage_hour
                WHERE export_cursor IS NULL AND hour < (SELECT sealed_until FROM usage_seal)
                ORDER BY hour, id LIMIT @limit) AS due
            WHERE id = due.due_id
            """, ("@limit", maxRows));
        Execute(connection, transaction, "UPDATE usage_cursor SET last_cursor = last_cursor + @rows", ("@rows", numbered));
        transaction.Commit();
        return Task.FromResult(numbered);
    }

    /// <inheritdoc/>
    public Task<int> DeleteSourcesAsync(DateTimeOffset before, int maxRows, CancellationToken cancellationToken)
    {
        using var connection = source.OpenConnection();
        return Task.FromResult(Execute(connection, null,
            "DELETE FROM usage_source WHERE source_id IN (SELECT source_id FROM usage_source WHERE observed_at < @before LIMIT @limit)",
            ("@before", StorageTime.Text(before)), ("@limit", maxRows)));
    }

    private static int Execute(SqliteConnection connection, SqliteTransaction? transaction, string sql, params (string Name, object Value)[] parameters)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command.ExecuteNonQuery();
    }
}
