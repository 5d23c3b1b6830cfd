using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;
using Npgsql;

namespace NetDiscovery.Silo.Storage.Allocations;

/// <summary>Allocations on PostgreSQL: one upsert for a whole group.</summary>
public sealed class PostgresAllocationStore(NpgsqlDataSource source) : IAllocationStore
{
    /// <summary>
    /// The version offered is one more than expected, so that the row's own condition can tell: stored + 1 = offered. A row that was expected to be
    /// there and is gone is not made anew. Rows are locked in order of id.
    /// </summary>
    private const string Upsert = """
        INSERT INTO allocation_state AS stored (allocation_id, version, tenant, session, region, relay, expires_at, closed_at, state)
        SELECT id, version, tenant, session, region, relay, expires_at, closed_at, state::jsonb
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS given (id, version, tenant, session, region, relay, expires_at, closed_at, state)
        WHERE given.version = 1 OR EXISTS (SELECT 1 FROM allocation_state WHERE allocation_id = given.id)
        ORDER BY id
        ON CONFLICT (allocation_id) DO UPDATE
        SET version = excluded.version, tenant = excluded.tenant, session = excluded.session, region = excluded.region, relay = excluded.relay,
            expires_at = excluded.expires_at, closed_at = excluded.closed_at, state = excluded.state
        WHERE stored.version = excluded.version - 1
        RETURNING allocation_id, version
        """;

    private readonly AllocationReader reader = new(source, StorageProvider.PostgreSql);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<int?>> WriteAsync(IReadOnlyList<AllocationWrite> writes)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(Upsert, connection);
        Add(write => write.Id);
        Add(write => (write.ExpectedVersion ?? 0) + 1);
        Add(write => write.Tenant);
        Add(write => write.Session);
        Add(write => write.State.Allocation?.Region ?? "");
        Add(write => write.State.Allocation?.RelayId ?? "");
        Add(write => write.State.Allocation?.ExpiresAt.UtcDateTime);
        Add(write => write.State.Allocation?.ClosedAt?.UtcDateTime);
        Add(write => write.Json);
        var stored = new Dictionary<string, int>(writes.Count);
        await using (var rows = await command.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
            {
                stored.Add(rows.GetString(0), rows.GetInt32(1));
            }
        }

        return [.. writes.Select(write => stored.TryGetValue(write.Id, out var version) ? version : (int?)null)];

        void Add<T>(Func<AllocationWrite, T> value) => command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. writes.Select(value)] });
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<(int Version, string Json)?>> ReadAsync(IReadOnlyList<string> ids)
    {
        await using var command = source.CreateCommand("SELECT allocation_id, version, state::text FROM allocation_state WHERE allocation_id = ANY ($1)");
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
}
