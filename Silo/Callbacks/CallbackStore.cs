using System.Data.Common;
using System.Text.Json;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Callbacks;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Silo.Storage;

namespace NetDiscovery.Silo.Callbacks;

/// <summary>Finds what is due, and deliveries, among the stored grain states, on either engine.</summary>
/// <param name="source">The store.</param>
/// <param name="provider">Its engine.</param>
public sealed class CallbackStore(DbDataSource source, StorageProvider provider) : ICallbackIndex
{
    private bool IsPostgres => provider == StorageProvider.PostgreSql;

    private string DueText => IsPostgres ? "state ->> 'dueMilliseconds'" : "state ->> '$.dueMilliseconds'";

    private string Due => IsPostgres ? $"({DueText})::bigint" : DueText;

    /// <summary>Grains that have had something to do for a while: normally they do it at once.</summary>
    /// <param name="before">Due since before this.</param>
    /// <param name="after">Key of the last one of the page before; empty for the first.</param>
    /// <param name="limit">Page size.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>Name of the state and key of the grain, in order of the key.</returns>
    public async Task<IReadOnlyList<(string State, string Key)>> ListDueAsync(DateTimeOffset before, string after, int limit, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var command = Command(connection, $"""
            SELECT state_name, grain_key FROM grain_state
            WHERE state_name IN ('session', 'callbacks') AND {DueText} IS NOT NULL AND {Due} < @before AND grain_key > @after
            ORDER BY grain_key LIMIT @limit
            """, ("before", before.ToUnixTimeMilliseconds()), ("after", after), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var due = new List<(string, string)>();
        while (await reader.ReadAsync(cancellation))
        {
            due.Add((reader.GetString(0), reader.GetString(1)));
        }

        return due;
    }

    /// <summary>Grains of usage triggers.</summary>
    /// <param name="after">Key of the last one of the page before; empty for the first.</param>
    /// <param name="limit">Page size.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>Their keys, in order.</returns>
    public async Task<IReadOnlyList<string>> ListTriggersAsync(string after, int limit, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var command = Command(connection, "SELECT grain_key FROM grain_state WHERE state_name = 'usage-triggers' AND grain_key > @after ORDER BY grain_key LIMIT @limit", ("after", after), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var keys = new List<string>();
        while (await reader.ReadAsync(cancellation))
        {
            keys.Add(reader.GetString(0));
        }

        return keys;
    }

    /// <summary>Deletes logs of deliveries that were last written before <paramref name="before"/> and wait for nothing.</summary>
    /// <returns>How many subjects' logs.</returns>
    public async Task<int> DeleteAsync(DateTimeOffset before, int limit, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var command = Command(connection, $"""
            DELETE FROM grain_state WHERE state_name = 'callbacks' AND grain_key IN (
                SELECT grain_key FROM grain_state WHERE state_name = 'callbacks' AND modified_at < @before AND {DueText} IS NULL LIMIT @limit)
            AND modified_at < @before AND {DueText} IS NULL
            """, ("before", StorageTime.Value(provider, before)), ("limit", limit));
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CallbackDelivery>> ListAsync(CallbackQuery query)
    {
        var prefix = query.Subject is { } subject ? GrainKeys.Callbacks(query.Tenant, query.Kind, subject) : GrainKeys.CallbacksOf(query.Tenant);
        var status = query.Status?.ToString().ToLowerInvariant();
        var (each, value, standing, place) = IsPostgres
            ? ("CROSS JOIN LATERAL jsonb_array_elements(state -> 'deliveries') WITH ORDINALITY AS delivery (value, place)", "delivery.value::text", "delivery.value ->> 'status'", "delivery.place")
            : ("CROSS JOIN json_each(state, '$.deliveries') AS delivery", "delivery.value", "delivery.value ->> '$.status'", "delivery.key");
        await using var connection = await source.OpenConnectionAsync();
        await using var command = Command(connection, $"""
            SELECT {value} FROM grain_state {each}
            WHERE state_name = 'callbacks' AND grain_key >= @prefix AND grain_key < @end {(status is null ? "" : $"AND {standing} = @status")}
            ORDER BY grain_key DESC, {place} DESC LIMIT @limit OFFSET @offset
            """, ("prefix", prefix), ("end", prefix + "~"), ("limit", query.Limit), ("offset", query.Offset));
        if (status is not null)
        {
            Add(command, "status", status);
        }

        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<CallbackDelivery>();
        while (await reader.ReadAsync())
        {
            found.Add(JsonSerializer.Deserialize<CallbackDelivery>(reader.GetString(0), StateJson.Options)!);
        }

        return found;
    }

    private static DbCommand Command(DbConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            Add(command, name, value);
        }

        return command;
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
