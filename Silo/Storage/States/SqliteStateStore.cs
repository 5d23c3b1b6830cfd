using Microsoft.Data.Sqlite;

namespace NetDiscovery.Silo.Storage.States;

/// <summary>Grain states in the embedded file: one transaction for a whole group.</summary>
public sealed class SqliteStateStore(SqliteDataSource source, string serviceId) : IStateStore
{
    private const string Insert = """
        INSERT INTO grain_state (service_id, state_name, grain_key, grain_n0, grain_n1, version, state, modified_at)
        VALUES (@service, @name, @key, 0, 0, @version, @state, strftime('%Y-%m-%dT%H:%M:%fZ'))
        ON CONFLICT DO NOTHING
        """;

    private const string Update =
        $"UPDATE grain_state SET version = @version, state = @state, modified_at = strftime('%Y-%m-%dT%H:%M:%fZ') WHERE {Row} AND version = @version - 1";

    private const string Select = $"SELECT version, state FROM grain_state WHERE {Row}";

    private const string Delete = $"DELETE FROM grain_state WHERE {Row} AND version = @version";

    private const string Row = "state_name = @name AND grain_key = @key AND grain_n0 = 0 AND grain_n1 = 0 AND service_id = @service";

    private static readonly string[] Names = ["@service", "@name", "@key", "@version", "@state"];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<bool>> WriteAsync(IReadOnlyList<StateWrite> writes)
    {
        using var connection = await source.RentWriterAsync();
        using var transaction = connection.BeginWrite();
        var (insert, update) = (Command(connection, Insert), Command(connection, Update));
        var stored = new bool[writes.Count];
        for (var i = 0; i < stored.Length; i++)
        {
            var command = writes[i].ExpectedVersion is null ? insert : update;
            command.Parameters["@name"].Value = writes[i].StateName;
            command.Parameters["@key"].Value = writes[i].Key;
            command.Parameters["@version"].Value = writes[i].Version;
            command.Parameters["@state"].Value = writes[i].Json;
            stored[i] = command.ExecuteNonQuery() == 1;
        }

        transaction.Commit();
        return stored;
    }

    /// <inheritdoc/>
    public Task<(int Version, string Json)?> ReadAsync(string stateName, string key)
    {
        using var connection = source.Rent();
        var command = Command(connection, Select);
        command.Parameters["@name"].Value = stateName;
        command.Parameters["@key"].Value = key;
        using var reader = command.ExecuteReader();
        return Task.FromResult<(int, string)?>(reader.Read() && !reader.IsDBNull(1) ? (reader.GetInt32(0), reader.GetString(1)) : null);
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string stateName, string key, int version)
    {
        using var connection = await source.RentWriterAsync();
        var command = Command(connection, Delete);
        command.Parameters["@name"].Value = stateName;
        command.Parameters["@key"].Value = key;
        command.Parameters["@version"].Value = version;
        return command.ExecuteNonQuery() == 1;
    }

    private SqliteCommand Command(PreparedConnection connection, string sql)
    {
        var command = connection.Command(sql, Names);
        command.Parameters["@service"].Value = serviceId;
        return command;
    }
}
