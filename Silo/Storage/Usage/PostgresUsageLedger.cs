using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using Npgsql;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>The ledger on PostgreSQL.</summary>
/// <param name="source">The region's database.</param>
/// <param name="admission">Refuses reports too old to be told from repetitions, and clocks ahead.</param>
public sealed class PostgresUsageLedger(NpgsqlDataSource source, UsageAdmission admission) : IUsageStore
{
    private readonly UsageReader reader = new(source, StorageProvider.PostgreSql);

    /// <inheritdoc/>
    public async Task ApplyAsync(IReadOnlyList<UsageReport> reports)
    {
        var waves = UsageWaves.Split(admission.Admit(reports), admission.Now);
        if (waves.Count == 0)
        {
            return;
        }

        await using var connection = await source.OpenConnectionAsync();
        if (waves.Count == 1)
        {
            await ApplyAsync(connection, waves[0]);
            return;
        }

        await using var transaction = await connection.BeginTransactionAsync();
        foreach (var wave in waves)
        {
            await ApplyAsync(connection, wave);
        }

        await transaction.CommitAsync();
    }

    /// <inheritdoc/>
    public Task<UsagePage> QueryAsync(UsageQuery query) => reader.QueryAsync(query);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LedgerRow>> ExportAsync(TenantId? tenant, long after, int limit) => reader.ExportAsync(tenant, after, limit);

    /// <inheritdoc/>
    public async Task<int> SealAsync(DateTimeOffset until, int maxRows, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await CountAsync(connection, PostgresUsageSql.MoveWatermark, [new NpgsqlParameter<DateTime> { TypedValue = until.UtcDateTime }], cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await CountAsync(connection, PostgresUsageSql.LockCursor, [], cancellationToken);
        var numbered = await CountAsync(connection, PostgresUsageSql.NumberSealedRows, [new NpgsqlParameter<int> { TypedValue = maxRows }], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return numbered;
    }

    /// <inheritdoc/>
    public async Task<int> DeleteSourcesAsync(DateTimeOffset before, int maxRows, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await CountAsync(connection, PostgresUsageSql.DeleteSources,
            [new NpgsqlParameter<DateTime> { TypedValue = before.UtcDateTime }, new NpgsqlParameter<int> { TypedValue = maxRows }], cancellationToken);
    }

    private async Task ApplyAsync(NpgsqlConnection connection, IReadOnlyList<UsageReport> reports)
    {
        await using var command = new NpgsqlCommand(PostgresUsageSql.Apply, connection);
        Add(report => report.SourceId);
        Add(report => report.Sequence);
        Add(report => report.Keys.Tenant.ToString());
        Add(report => report.Keys.Session);
        Add(report => report.Keys.Label);
        Add(report => report.Keys.Region);
        Add(report => report.Keys.RelayId);
        Add(report => report.Keys.Transport);
        Add(report => report.ObservedAt.UtcDateTime);
        foreach (var (_, get) in UsageColumns.All)
        {
            Add(report => Math.Max(0, get(report.Totals)));
        }

        await using var fallen = await command.ExecuteReaderAsync();
        while (await fallen.ReadAsync())
        {
            admission.Fell(fallen.GetGuid(0));
        }

        void Add<T>(Func<UsageReport, T> value)
        {
            var column = new T[reports.Count];
            for (var i = 0; i < column.Length; i++)
            {
                column[i] = value(reports[i]);
            }

            command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = column });
        }
    }

    private static async Task<int> CountAsync(NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 30 };
        command.Parameters.AddRange(parameters);
        return await command.ExecuteScalarAsync(cancellationToken) is long count ? (int)count : 0;
    }
}
