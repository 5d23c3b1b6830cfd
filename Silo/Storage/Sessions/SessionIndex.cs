using System.Data.Common;
using System.Text.Json;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Sessions;

namespace NetDiscovery.Silo.Storage.Sessions;

/// <summary>Finds sessions among the stored grain states, on either engine.</summary>
/// <param name="source">The store.</param>
/// <param name="provider">Its engine.</param>
public sealed class SessionIndex(DbDataSource source, StorageProvider provider) : ISessionIndex
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<Session>> ListAsync(SessionQuery query)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = provider == StorageProvider.PostgreSql
            ? Sql("(state -> 'session')::text", "state -> 'session' ->> 'tenant'", "(state -> 'session' ->> 'createdAt') COLLATE \"C\"", "state -> 'session' ->> 'state'", query.State is not null)
            : Sql("state -> '$.session'", "state ->> '$.session.tenant'", "state ->> '$.session.createdAt'", "state ->> '$.session.state'", query.State is not null);
        Add("tenant", query.Tenant.ToString());
        Add("limit", query.Limit);
        Add("offset", query.Offset);
        if (query.State is { } wanted)
        {
            Add("standing", JsonNamingPolicy.CamelCase.ConvertName(wanted.ToString()));
        }

        await using var reader = await command.ExecuteReaderAsync();
        var sessions = new List<Session>();
        while (await reader.ReadAsync())
        {
            sessions.Add(JsonSerializer.Deserialize<Session>(reader.GetString(0), StateJson.Options)!);
        }

        return sessions;

        void Add(string name, object value)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }
    }

    // Times are stored as text in UTC, digits of a second as far as there are any: they sort as the times do.
    private static string Sql(string session, string tenant, string createdAt, string standing, bool byState) => $"""
        SELECT {session} FROM grain_state
        WHERE state_name = 'session' AND {tenant} = @tenant {(byState ? $"AND {standing} = @standing" : "")}
        ORDER BY {createdAt} DESC, grain_key DESC LIMIT @limit OFFSET @offset
        """;
}
