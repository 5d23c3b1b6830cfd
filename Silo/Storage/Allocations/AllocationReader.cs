using System.Data.Common;
using System.Text.Json;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Silo.Storage.Allocations;

/// <summary>Reads <c>allocation_state</c> on either engine.</summary>
internal sealed class AllocationReader(DbDataSource source, StorageProvider provider)
{
    public async Task<IReadOnlyList<Allocation>> ListLiveAsync(TenantId? tenant, SessionId? session, AllocationId? after, int limit, DateTimeOffset expiresAfter)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT state FROM allocation_state
            WHERE closed_at IS NULL AND expires_at > @expiresAfter AND allocation_id > @after
                {(tenant is null ? "" : "AND tenant = @tenant")} {(session is null ? "" : "AND session = @session AND session <> ''")}
            ORDER BY allocation_id LIMIT @limit
            """;
        Add(command, "expiresAfter", StorageTime.Value(provider, expiresAfter));
        Add(command, "after", after?.ToString() ?? "");
        Add(command, "tenant", tenant?.ToString());
        Add(command, "session", session?.ToString());
        Add(command, "limit", limit);
        await using var reader = await command.ExecuteReaderAsync();
        var allocations = new List<Allocation>();
        while (await reader.ReadAsync())
        {
            if (Parse(reader.GetString(0)).Allocation is { } allocation)
            {
                allocations.Add(allocation);
            }
        }

        return allocations;
    }

    public async Task<IReadOnlyList<AllocationId>> ListExpiredAsync(DateTimeOffset before, AllocationId? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT allocation_id FROM allocation_state WHERE closed_at IS NULL AND expires_at < @before AND allocation_id > @after ORDER BY allocation_id LIMIT @limit";
        Add(command, "before", StorageTime.Value(provider, before));
        Add(command, "after", after?.ToString() ?? "");
        Add(command, "limit", limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var ids = new List<AllocationId>();
        while (await reader.ReadAsync(cancellationToken))
        {
            if (AllocationId.TryParse(reader.GetString(0), out var id))
            {
                ids.Add(id);
            }
        }

        return ids;
    }

    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params (string Name, object Value)[] parameters)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            Add(command, name, value);
        }

        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static AllocationState Parse(string json) => JsonSerializer.Deserialize<AllocationState>(json, StateJson.Options) ?? new AllocationState();

    private static void Add(DbCommand command, string name, object? value)
    {
        if (value is not null)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }
    }
}
