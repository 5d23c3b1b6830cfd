using System.Data.Common;
using System.Text.Json;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tenants;

namespace NetDiscovery.Silo.Storage.Tenants;

/// <summary>Finds tenants among the stored grain states, on either engine.</summary>
/// <param name="source">The store.</param>
/// <param name="provider">Its engine.</param>
public sealed class TenantIndex(DbDataSource source, StorageProvider provider) : ITenantIndex
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<Tenant>> ListAsync(TenantId? parent, TenantId? after, int limit)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = provider == StorageProvider.PostgreSql
            ? Sql("(state -> 'tenant')::text", "state -> 'tenant' ->> 'id'", "state -> 'tenant' ->> 'parent'", parent is not null)
            : Sql("state -> '$.tenant'", "state ->> '$.tenant.id'", "state ->> '$.tenant.parent'", parent is not null);

        // Keys sort as ids do: both end in the same 32 digits.
        Add("after", after is { } last ? GrainKeys.Tenant(last) : "");
        Add("limit", limit);
        if (parent is { } wanted)
        {
            Add("parent", wanted.ToString());
        }

        await using var reader = await command.ExecuteReaderAsync();
        var tenants = new List<Tenant>();
        while (await reader.ReadAsync())
        {
            tenants.Add(JsonSerializer.Deserialize<Tenant>(reader.GetString(0), StateJson.Options)!);
        }

        return tenants;

        void Add(string name, object value)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }
    }

    private static string Sql(string tenant, string id, string parent, bool byParent) => $"""
        SELECT {tenant} FROM grain_state
        WHERE state_name = 'tenant' AND grain_key > @after AND {id} IS NOT NULL {(byParent ? $"AND {parent} = @parent" : "")}
        ORDER BY grain_key LIMIT @limit
        """;
}
