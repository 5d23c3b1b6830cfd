using Npgsql;
using NpgsqlTypes;

namespace NetDiscovery.Silo.Storage.States;

/// <summary>Grain states on PostgreSQL: two statements for a whole group.</summary>
public sealed class PostgresStateStore(NpgsqlDataSource source, string serviceId) : IStateStore
{
    private const string Insert = """
        INSERT INTO grain_state (service_id, state_name, grain_key, grain_n0, grain_n1, version, state)
        SELECT $1, name, key, 0, 0, version, state::jsonb FROM unnest($2, $3, $4, $5) AS given (name, key, version, state)
        ORDER BY name, key
        ON CONFLICT DO NOTHING
        RETURNING state_name, grain_key
        """;

    private const string Update = """
        UPDATE grain_state SET version = given.version, state = given.state::jsonb, modified_at = now()
        FROM unnest($2, $3, $4, $5) AS given (name, key, version, state)
        WHERE state_name = given.name AND grain_key = given.key AND grain_n0 = 0 AND grain_n1 = 0 AND service_id = $1
            AND grain_state.version = given.version - 1
        RETURNING state_name, grain_key
        """;

    private const string Row = "state_name = $1 AND grain_key = $2 AND grain_n0 = 0 AND grain_n1 = 0 AND service_id = $3";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<bool>> WriteAsync(IReadOnlyList<StateWrite> writes)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        Add(Insert, [.. writes.Where(write => write.ExpectedVersion is null)]);
        Add(Update, [.. writes.Where(write => write.ExpectedVersion is not null)]);
        var stored = new HashSet<(string, string)>(writes.Count);
        await using (var rows = await batch.ExecuteReaderAsync())
        {
            do
            {
                while (await rows.ReadAsync())
                {
                    stored.Add((rows.GetString(0), rows.GetString(1)));
                }
            }
            while (await rows.NextResultAsync());
        }

        return [.. writes.Select(write => stored.Contains((write.StateName, write.Key)))];

        void Add(string sql, List<StateWrite> some)
        {
            if (some.Count == 0)
            {
                return;
            }

            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql)
            {
                Parameters =
                {
                    new NpgsqlParameter<string> { TypedValue = serviceId },
                    new NpgsqlParameter<string[]> { TypedValue = [.. some.Select(write => write.StateName)] },
                    new NpgsqlParameter<string[]> { TypedValue = [.. some.Select(write => write.Key)] },
                    new NpgsqlParameter<int[]> { TypedValue = [.. some.Select(write => write.Version)] },
                    new NpgsqlParameter<string[]> { TypedValue = [.. some.Select(write => write.Json)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
                },
            });
        }
    }

    /// <inheritdoc/>
    public async Task<(int Version, string Json)?> ReadAsync(string stateName, string key)
    {
        await using var command = source.CreateCommand($"SELECT version, state::text FROM grain_state WHERE {Row}");
        AddRow(command, stateName, key);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() && !reader.IsDBNull(1) ? (reader.GetInt32(0), reader.GetString(1)) : null;
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string stateName, string key, int version)
    {
        await using var command = source.CreateCommand($"DELETE FROM grain_state WHERE {Row} AND version = $4");
        AddRow(command, stateName, key);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = version });
        return await command.ExecuteNonQueryAsync() == 1;
    }

    private void AddRow(NpgsqlCommand command, string stateName, string key)
    {
        foreach (var value in (string[])[stateName, key, serviceId])
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
        }
    }
}
