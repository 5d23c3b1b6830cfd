-- Allocations, live and lately ended. Small rows that change often: written many at a time, so they have a table of their own beside grain_state.
-- The columns before state repeat what is looked up; only columns that never change are indexed, which keeps an update within its page.
CREATE TABLE allocation_state (
    allocation_id text COLLATE "C" PRIMARY KEY,
    version integer NOT NULL,
    tenant text NOT NULL,
    session text NOT NULL,
    region text NOT NULL,
    relay text NOT NULL,
    expires_at timestamptz,
    closed_at timestamptz,
    state jsonb NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX allocation_state_live_by_tenant ON allocation_state (tenant, allocation_id) WHERE closed_at IS NULL;
CREATE INDEX allocation_state_live_by_session ON allocation_state (session, allocation_id) WHERE closed_at IS NULL AND session <> '';
CREATE INDEX allocation_state_closed ON allocation_state (closed_at) WHERE closed_at IS NOT NULL;
