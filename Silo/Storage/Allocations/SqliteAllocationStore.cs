using Microsoft.Data.Sqlite;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Silo.Storage.Allocations;

/// <summary>Allocations in the embedded file: one transaction for a whole group.</summary>
public sealed class SqliteAllocationStore(SqliteDataSource source) : IAllocationStore
{
    /// <summary>See <see cref="PostgresAllocationStore"/>: the same rule for one row.</summary>
    private const string Upsert = """
        INSERT INTO allocation_state (allocation_id, version, tenant, session, region, relay, expires_at, closed_at, state)
        SELECT @id, @version, @tenant, @session, @region, @relay, @expiresAt, @closedAt, @state
        WHERE @version = 1 OR EXISTS (SELECT 1 FROM allocation_state WHERE allocation_id = @id)
        ON CONFLICT (allocation_id) DO UPDATE
        SET version = excluded.version, tenant = excluded.tenant, session = excluded.session, region = excluded.region, relay = excluded.relay,
            expires_at = excluded.expires_at, closed_at = excluded.closed_at, state = excluded.state
        WHERE allocation_state.version = excluded.version - 1
        """;

    private static readonly string[] Names = ["@id", "@version", "@tenant", "@session", "@region", "@relay", "@expiresAt", "@closedAt", "@state"];

    private readonly AllocationReader reader = new(source, StorageProvider.Sqlite);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<int?>> WriteAsync(IReadOnlyList<AllocationWrite> writes)
    {
        using var connection = await source.RentWriterAsync();
        using var transaction = connection.BeginWrite();
        var command = connection.Command(Upsert, Names);
        var versions = new int?[writes.Count];
        for (var i = 0; i < versions.Length; i++)
        {
            var version = (writes[i].ExpectedVersion ?? 0) + 1;
            Fill(command, writes[i], version);
            versions[i] = command.ExecuteNonQuery() == 1 ? version : null;
        }

        transaction.Commit();
        return versions;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<(int Version, string Json)?>> ReadAsync(IReadOnlyList<string> ids)
    {
        using var connection = source.Rent();
        var command = connection.Command("SELECT version, state FROM allocation_state WHERE allocation_id = @id", "@id");
        var read = new (int, string)?[ids.Count];
        for (var i = 0; i < read.Length; i++)
        {
            command.Parameters[0].Value = ids[i];
            using var row = command.ExecuteReader();
            read[i] = row.Read() ? (row.GetInt32(0), row.GetString(1)) : null;
        }

        return Task.FromResult<IReadOnlyList<(int, string)?>>(read);
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
        DELETE FROM allocation_state WHERE allocation_id IN (
            SELECT allocation_id FROM allocation_state WHERE closed_at < @before OR (closed_at IS NULL AND expires_at < @before) LIMIT @limit)
        """,
        cancellationToken, ("before", StorageTime.Text(before)), ("limit", maxRows));

    /// <inheritdoc/>
    public Task<IReadOnlyList<Allocation>> ListLiveAsync(TenantId? tenant, SessionId? session, AllocationId? after, int limit, DateTimeOffset expiresAfter) =>
        reader.ListLiveAsync(tenant, session, after, limit, expiresAfter);

    private static void Fill(SqliteCommand command, AllocationWrite write, int version)
    {
        var allocation = write.State.Allocation;
        object[] values =
        [
            write.Id, version, write.Tenant, write.Session, allocation?.Region ?? "", allocation?.RelayId ?? "",
            allocation is null ? DBNull.Value : StorageTime.Text(allocation.ExpiresAt),
            allocation?.ClosedAt is { } closed ? StorageTime.Text(closed) : DBNull.Value,
            write.Json,
        ];
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }
    }
}
