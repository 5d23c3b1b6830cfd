-- Which tenants have changed, in order, for other regions. Kept by the statement that stores the change, so a change that was answered is in it.
-- There is one writer at a time, so positions become visible in their order.
CREATE TABLE tenant_feed (
    grain_key TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX tenant_feed_by_position ON tenant_feed (position);

INSERT INTO tenant_feed (grain_key, position)
SELECT grain_key, row_number() OVER (ORDER BY grain_key)
FROM grain_state
WHERE state_name = 'tenant' AND state IS NOT NULL;

CREATE TRIGGER tenant_feed_insert AFTER INSERT ON grain_state WHEN NEW.state_name = 'tenant'
BEGIN
    INSERT INTO tenant_feed (grain_key, position)
    VALUES (NEW.grain_key, (SELECT coalesce(max(position), 0) + 1 FROM tenant_feed))
    ON CONFLICT (grain_key) DO UPDATE SET position = excluded.position;
END;

CREATE TRIGGER tenant_feed_update AFTER UPDATE ON grain_state
WHEN NEW.state_name = 'tenant' AND (NEW.state ->> '$.revision') IS NOT (OLD.state ->> '$.revision')
BEGIN
    INSERT INTO tenant_feed (grain_key, position)
    VALUES (NEW.grain_key, (SELECT coalesce(max(position), 0) + 1 FROM tenant_feed))
    ON CONFLICT (grain_key) DO UPDATE SET position = excluded.position;
END;
