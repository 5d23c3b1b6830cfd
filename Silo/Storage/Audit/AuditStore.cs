using System.Data.Common;
using System.Globalization;
using NetDiscovery.Grains.Audit;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Audit;

namespace NetDiscovery.Silo.Storage.Audit;

/// <summary>The table of account changes, on either engine. Triggers fill it in the transaction that stores the change (Schema/*_audit.sql).</summary>
/// <param name="source">The store.</param>
/// <param name="provider">Its engine.</param>
public sealed class AuditStore(DbDataSource source, StorageProvider provider) : IAuditIndex
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<AuditRow>> ListAsync(AuditQuery query)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        var conditions = new List<string>();
        Where("tenant = @tenant", "tenant", query.Tenant?.ToString());
        Where("action = @action", "action", query.Action);
        Where("happened_at >= @from", "from", query.From is { } from ? Moment(from) : null);
        Where("happened_at < @to", "to", query.To is { } to ? Moment(to) : null);
        Where("sequence < @before", "before", query.Before);
        Add("limit", query.Limit);
        command.CommandText = $"""
            SELECT sequence, id, tenant, happened_at, action, subject, detail, actor, address, request FROM audit_entry
            {(conditions.Count > 0 ? "WHERE " + string.Join(" AND ", conditions) : "")}
            ORDER BY sequence DESC LIMIT @limit
            """;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<AuditRow>();
        while (await reader.ReadAsync())
        {
            rows.Add(new AuditRow(reader.GetInt64(0), new AuditEntry(
                reader.GetGuid(1), TenantId.TryParse(reader.GetString(2), out var tenant) ? tenant : default, StorageTime.Read(reader, 3), reader.GetString(4), reader.GetString(5), reader.GetString(6),
                new ChangeOrigin(reader.GetString(7), reader.GetString(8), reader.GetString(9)))));
        }

        return rows;

        void Where(string condition, string name, object? value)
        {
            if (value is not null)
            {
                conditions.Add(condition);
                Add(name, value);
            }
        }

        void Add(string name, object value)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }
    }

    /// <summary>Deletes changes from before <paramref name="before"/>.</summary>
    /// <returns>Rows deleted; <paramref name="maxRows"/> when more may wait.</returns>
    public Task<int> DeleteAsync(DateTimeOffset before, int maxRows, CancellationToken cancellationToken) =>
        ExecuteAsync("DELETE FROM audit_entry WHERE sequence IN (SELECT sequence FROM audit_entry WHERE happened_at < @before LIMIT @limit)", before, maxRows, cancellationToken);

    /// <summary>Deletes kept answers of repeatable requests that were last written before <paramref name="before"/>.</summary>
    /// <returns>Rows deleted; <paramref name="maxRows"/> when more may wait.</returns>
    public Task<int> DeleteAnswersAsync(DateTimeOffset before, int maxRows, CancellationToken cancellationToken) => ExecuteAsync(
        """
        DELETE FROM grain_state WHERE state_name = 'idempotency' AND modified_at < @before AND grain_key IN (
            SELECT grain_key FROM grain_state WHERE state_name = 'idempotency' AND modified_at < @before LIMIT @limit)
        """,
        before, maxRows, cancellationToken);

    // The embedded store's times have milliseconds here, and are compared as text.
    private object Moment(DateTimeOffset time) =>
        provider == StorageProvider.PostgreSql ? StorageTime.Value(provider, time) : time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private async Task<int> ExecuteAsync(string sql, DateTimeOffset before, int maxRows, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in ((string, object)[])[("before", Moment(before)), ("limit", maxRows)])
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
