-- Which tenants have changed, in order, for other regions. Kept by the statement that stores the change, so a change that was answered is in it.
CREATE TABLE tenant_feed (
    grain_key text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL
);
CREATE UNIQUE INDEX tenant_feed_by_position ON tenant_feed (position);

INSERT INTO tenant_feed (grain_key, position)
SELECT grain_key, row_number() OVER (ORDER BY grain_key)
FROM grain_state
WHERE state_name = 'tenant' AND state IS NOT NULL;

-- Positions are given under a lock that lasts until the end of the transaction: in the order in which they become visible. Who has read up to a
-- position has missed nothing before it.
CREATE FUNCTION tenant_feed_note() RETURNS trigger LANGUAGE plpgsql AS $note$
BEGIN
    PERFORM pg_advisory_xact_lock(7305801127002);
    INSERT INTO tenant_feed (grain_key, position)
    VALUES (NEW.grain_key, (SELECT coalesce(max(position), 0) + 1 FROM tenant_feed))
    ON CONFLICT (grain_key) DO UPDATE SET position = excluded.position;
    RETURN NULL;
END
$note$;

CREATE TRIGGER tenant_feed_insert AFTER INSERT ON grain_state FOR EACH ROW
WHEN (NEW.state_name = 'tenant') EXECUTE FUNCTION tenant_feed_note();

CREATE TRIGGER tenant_feed_update AFTER UPDATE ON grain_state FOR EACH ROW
WHEN (NEW.state_name = 'tenant' AND NEW.state ->> 'revision' IS DISTINCT FROM OLD.state ->> 'revision') EXECUTE FUNCTION tenant_feed_note();
