-- Allocations, live and lately ended. Small rows that change often: written many at a time, so they have a table of their own beside grain_state.
-- The columns before state repeat what is looked up.
CREATE TABLE allocation_state (
    allocation_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    session TEXT NOT NULL,
    region TEXT NOT NULL,
    relay TEXT NOT NULL,
    expires_at TEXT,
    closed_at TEXT,
    state TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX allocation_state_live_by_tenant ON allocation_state (tenant, allocation_id) WHERE closed_at IS NULL;
CREATE INDEX allocation_state_live_by_session ON allocation_state (session, allocation_id) WHERE closed_at IS NULL AND session <> '';
CREATE INDEX allocation_state_closed ON allocation_state (closed_at) WHERE closed_at IS NOT NULL;
