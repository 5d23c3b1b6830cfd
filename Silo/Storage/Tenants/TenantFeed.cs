using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tenants;

namespace NetDiscovery.Silo.Storage.Tenants;

/// <summary>Reads the list of changed tenants that triggers keep, on either engine.</summary>
/// <param name="source">The store.</param>
/// <param name="provider">Its engine.</param>
public sealed class TenantFeed(DbDataSource source, StorageProvider provider) : ITenantFeed
{
    // A page ends behind the tenant that goes beyond it: at most some MiB each, however many fit.
    private const int PageCharacters = 4 * 1024 * 1024;

    /// <inheritdoc/>
    public async Task<TenantFeedPage> ReadAsync(long after, int limit)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT feed.position, feed.grain_key, {(provider == StorageProvider.PostgreSql ? "stored.state::text" : "stored.state")}
            FROM tenant_feed feed JOIN grain_state stored ON stored.state_name = 'tenant' AND stored.grain_key = feed.grain_key
            WHERE feed.position > @after AND stored.state IS NOT NULL
            ORDER BY feed.position LIMIT @limit
            """;
        Add(command, "after", after);
        Add(command, "limit", limit);
        var items = ImmutableArray.CreateBuilder<TenantReplica>();
        await using (var reader = await command.ExecuteReaderAsync())
        {
            for (var characters = 0; characters < PageCharacters && await reader.ReadAsync();)
            {
                var state = reader.GetString(2);
                items.Add(new TenantReplica(reader.GetInt64(0), GrainKeys.TenantOf(reader.GetString(1)), state));
                characters += state.Length;
            }
        }

        return new TenantFeedPage(items.ToImmutable(), items.Count > 0 ? items[^1].Position : await HeadAsync(connection));
    }

    private static async Task<long> HeadAsync(DbConnection connection)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT coalesce(max(position), 0) FROM tenant_feed";
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
