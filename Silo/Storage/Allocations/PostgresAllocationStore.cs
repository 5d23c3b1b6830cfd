using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;
using Npgsql;

namespace NetDiscovery.Silo.Storage.Allocations;

/// <summary>Allocations on PostgreSQL: one insert and one update for a whole group, in one round trip.</summary>
public sealed class PostgresAllocationStore(NpgsqlDataSource source) : IAllocationStore
{
    /// <summary>Rows that must be new. Whoever finds one there has not read it.</summary>
    private const string Insert = """
        INSERT INTO allocation_state (allocation_id, version, tenant, session, region, relay, expires_at, closed_at, state)
        SELECT id, 1, tenant, session, region, relay, expires_at, closed_at, state
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS given (id, tenant, session, region, relay, expires_at, closed_at, state)
        ORDER BY id
        ON CONFLICT (allocation_id) DO NOTHING
        RETURNING allocation_id, version
        """;

    /// <summary>
    /// Rows that must be of the version expected; one that is gone is not made anew. Whose an allocation is, and where, never changes. Rows are locked in
    /// order of id.
    /// </summary>
    private const string Update = """
        UPDATE allocation_state AS stored
        SET version = stored.version + 1, expires_at = given.expires_at, closed_at = given.closed_at, state = given.state
        FROM (SELECT * FROM unnest($1, $2, $3, $4, $5) AS given (id, version, expires_at, closed_at, state) ORDER BY id) AS given
        WHERE stored.allocation_id = given.id AND stored.version = given.version
        RETURNING stored.allocation_id, stored.version
        """;

    private readonly AllocationReader reader = new(source, StorageProvider.PostgreSql);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<int?>> WriteAsync(IReadOnlyList<AllocationWrite> writes)
    {
        // Several commands of a batch are one transaction.
        await using var batch = source.CreateBatch();
        if (writes.Where(write => write.ExpectedVersion is null).ToList() is { Count: > 0 } fresh)
        {
            var insert = Add(batch, Insert);
            Add(insert, fresh, write => write.Id);
            Add(insert, fresh, write => write.Tenant);
            Add(insert, fresh, write => write.Session);
            Add(insert, fresh, write => write.State.Allocation?.Region ?? "");
            Add(insert, fresh, write => write.State.Allocation?.RelayId ?? "");
            AddTail(insert, fresh);
        }

        if (writes.Where(write => write.ExpectedVersion is not null).ToList() is { Count: > 0 } known)
        {
            var update = Add(batch, Update);
            Add(update, known, write => write.Id);
            Add(update, known, write => write.ExpectedVersion!.Value);
            AddTail(update, known);
        }

        var stored = new Dictionary<string, int>(writes.Count);
        await using var rows = await batch.ExecuteReaderAsync();
        do
        {
            while (await rows.ReadAsync())
            {
                stored.Add(rows.GetString(0), rows.GetInt32(1));
            }
        }
        while (await rows.NextResultAsync());
        return [.. writes.Select(write => stored.TryGetValue(write.Id, out var version) ? version : (int?)null)];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<(int Version, string Json)?>> ReadAsync(IReadOnlyList<string> ids)
    {
        await using var command = source.CreateCommand("SELECT allocation_id, version, state FROM allocation_state WHERE allocation_id = ANY ($1)");
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. ids] });
        await using var rows = await command.ExecuteReaderAsync();
        var found = new Dictionary<string, (int, string)>();
        while (await rows.ReadAsync())
        {
            found.Add(rows.GetString(0), (rows.GetInt32(1), rows.GetString(2)));
        }

        return [.. ids.Select(id => found.TryGetValue(id, out var row) ? row : ((int, string)?)null)];
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string id, int version) =>
        await reader.ExecuteAsync("DELETE FROM allocation_state WHERE allocation_id = @id AND version = @version", CancellationToken.None, ("id", id), ("version", version)) == 1;

    /// <inheritdoc/>
    public Task<IReadOnlyList<AllocationId>> ListExpiredAsync(DateTimeOffset before, AllocationId? after, int limit, CancellationToken cancellationToken) =>
        reader.ListExpiredAsync(before, after, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<int> DeleteEndedAsync(DateTimeOffset before, int maxRows, CancellationToken cancellationToken) => reader.ExecuteAsync(
        """
        WITH closed AS MATERIALIZED (
            SELECT allocation_id FROM allocation_state WHERE closed_at < @before LIMIT @limit FOR UPDATE SKIP LOCKED),
        abandoned AS MATERIALIZED (
            SELECT allocation_id FROM allocation_state WHERE closed_at IS NULL AND expires_at < @before
            LIMIT @limit - (SELECT count(*) FROM closed) FOR UPDATE SKIP LOCKED)
        DELETE FROM allocation_state WHERE allocation_id IN (SELECT allocation_id FROM closed UNION ALL SELECT allocation_id FROM abandoned)
        """,
        cancellationToken, ("before", before.UtcDateTime), ("limit", maxRows));

    /// <inheritdoc/>
    public Task<IReadOnlyList<Allocation>> ListLiveAsync(TenantId? tenant, SessionId? session, AllocationId? after, int limit, DateTimeOffset expiresAfter) =>
        reader.ListLiveAsync(tenant, session, after, limit, expiresAfter);

    private static NpgsqlBatchCommand Add(NpgsqlBatch batch, string sql)
    {
        var command = new NpgsqlBatchCommand(sql);
        batch.BatchCommands.Add(command);
        return command;
    }

    private static void AddTail(NpgsqlBatchCommand command, List<AllocationWrite> writes)
    {
        Add(command, writes, write => write.State.Allocation?.ExpiresAt.UtcDateTime);
        Add(command, writes, write => write.State.Allocation?.ClosedAt?.UtcDateTime);
        Add(command, writes, write => write.Json);
    }

    private static void Add<T>(NpgsqlBatchCommand command, List<AllocationWrite> writes, Func<AllocationWrite, T> value) =>
        command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. writes.Select(value)] });
}
