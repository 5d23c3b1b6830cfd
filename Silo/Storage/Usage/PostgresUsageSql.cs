namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>The statements behind <see cref="PostgresUsageLedger"/>.</summary>
internal static class PostgresUsageSql
{
    /// <summary>
    /// One batch in one statement. The upsert takes each source's row lock, in order of source, compares sequences and leaves in the row what the
    /// report added; what it returns is summed by hour and keys, and added to the hours, in order of key. The share lock on the watermark keeps an
    /// hour from being sealed in between. The watermark is read as a single value: as a join the planner, which knows no statistics of so small a
    /// table, takes it for thousands of rows and spends a second compiling the statement. Answers the sources whose totals fell, which must not happen: they add nothing.
    /// </summary>
    public static readonly string Apply = $"""
        WITH report AS MATERIALIZED (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, {string.Join(", ", UsageColumns.All.Select((_, i) => $"${i + 10}"))})
                AS report (source_id, sequence, tenant, session, label, region, relay, transport, observed_at, {UsageColumns.Join("{c}")})),
        applied AS (
            INSERT INTO usage_source AS held (source_id, sequence, tenant, session, label, region, relay, transport, observed_at, {UsageColumns.Join("{c}")}, {UsageColumns.Join("added_{c}")})
            SELECT source_id, sequence, tenant, session, label, region, relay, transport, observed_at, {UsageColumns.Join("{c}")}, {UsageColumns.Join("{c}")}
            FROM report ORDER BY source_id
            ON CONFLICT (source_id) DO UPDATE
            SET sequence = excluded.sequence, observed_at = excluded.observed_at,
                {UsageColumns.Join("{c} = greatest(held.{c}, excluded.{c})")},
                {UsageColumns.Join("added_{c} = excluded.{c} - held.{c}")}
            WHERE held.sequence < excluded.sequence
            RETURNING *),
        watermark AS MATERIALIZED (SELECT sealed_until FROM usage_seal FOR SHARE),
        booked AS (
            INSERT INTO usage_hour AS total (hour, occurred_hour, tenant, session, label, region, relay, transport, {UsageColumns.Join("{c}")})
            SELECT greatest(date_trunc('hour', observed_at, 'UTC'), (SELECT sealed_until FROM watermark)), date_trunc('hour', observed_at, 'UTC'),
                tenant, session, label, region, relay, transport, {UsageColumns.Join("sum(greatest(0, added_{c}))::bigint")}
            FROM applied
            WHERE {UsageColumns.Join("added_{c} > 0", " OR ")}
            GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
            ORDER BY 3, 1, 2, 4, 5, 6, 7, 8
            ON CONFLICT ON CONSTRAINT usage_hour_once DO UPDATE
            SET {UsageColumns.Join("{c} = total.{c} + excluded.{c}")})
        SELECT source_id FROM applied WHERE {UsageColumns.Join("added_{c} < 0", " OR ")}
        """;

    /// <summary>Waits for batches under way, which hold the share lock; later ones see the new watermark.</summary>
    public const string MoveWatermark = "UPDATE usage_seal SET sealed_until = $1 WHERE sealed_until < $1 RETURNING 0::bigint";

    /// <summary>Only one silo numbers at a time. A statement of its own: the next one must see what the silo before us numbered.</summary>
    public const string LockCursor = "SELECT last_cursor FROM usage_cursor FOR UPDATE";

    /// <summary>Numbers rows before the watermark, in order of hour.</summary>
    public const string NumberSealedRows = """
        WITH due AS (
            SELECT id, row_number() OVER (ORDER BY hour, id) AS place
            FROM usage_hour
            WHERE export_cursor IS NULL AND hour < (SELECT sealed_until FROM usage_seal)
            ORDER BY hour, id LIMIT $1),
        numbered AS (
            UPDATE usage_hour SET export_cursor = (SELECT last_cursor FROM usage_cursor) + place FROM due WHERE usage_hour.id = due.id RETURNING 1),
        moved AS (
            UPDATE usage_cursor SET last_cursor = last_cursor + (SELECT count(*) FROM numbered))
        SELECT count(*) FROM numbered
        """;

    /// <summary>A bounded bite at a time, so that no lock is held for long; rows a batch holds are left for later.</summary>
    public const string DeleteSources = """
        WITH deleted AS (
            DELETE FROM usage_source WHERE source_id = ANY(ARRAY(SELECT source_id FROM usage_source WHERE observed_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1)
        SELECT count(*) FROM deleted
        """;
}
