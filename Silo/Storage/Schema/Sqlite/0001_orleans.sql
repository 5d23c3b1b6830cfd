-- What Orleans keeps in the file: grain state. Membership and reminders of a single process live in memory.
-- Orleans' relational provider reads its SQL from OrleansQuery; the parameter names and the column names it reads are Orleans' contract, the rest is ours.

CREATE TABLE OrleansQuery (
    QueryKey TEXT PRIMARY KEY,
    QueryText TEXT NOT NULL
);

-- Grain state as JSON. state_name is the name in [PersistentState("...")], grain_key comes from GrainKeys.
CREATE TABLE grain_state (
    service_id TEXT NOT NULL,
    state_name TEXT NOT NULL,
    grain_key TEXT NOT NULL,
    grain_n0 INTEGER NOT NULL,
    grain_n1 INTEGER NOT NULL,
    version INTEGER NOT NULL,
    state TEXT,
    modified_at TEXT NOT NULL,
    PRIMARY KEY (state_name, grain_key, grain_n0, grain_n1, service_id)
) WITHOUT ROWID;

-- One row when the expected version (null: no row) was the stored one, else none. Versions start from the clock, so that a row cleared and
-- made anew never meets a version from before.
INSERT INTO OrleansQuery VALUES ('WriteToStorageKey', '
INSERT INTO grain_state (service_id, state_name, grain_key, grain_n0, grain_n1, version, state, modified_at)
SELECT @ServiceId, @GrainTypeString, coalesce(@GrainIdExtensionString, ''''), @GrainIdN0, @GrainIdN1,
    unixepoch() - unixepoch(''2025-01-01''), CAST(@PayloadBinary AS TEXT), strftime(''%Y-%m-%dT%H:%M:%fZ'')
WHERE @GrainStateVersion IS NULL OR EXISTS (
    SELECT 1 FROM grain_state
    WHERE state_name = @GrainTypeString AND grain_key = coalesce(@GrainIdExtensionString, '''')
        AND grain_n0 = @GrainIdN0 AND grain_n1 = @GrainIdN1 AND service_id = @ServiceId AND version = @GrainStateVersion)
ON CONFLICT (state_name, grain_key, grain_n0, grain_n1, service_id) DO UPDATE
SET version = grain_state.version + 1, state = excluded.state, modified_at = excluded.modified_at
WHERE grain_state.version = @GrainStateVersion
RETURNING version AS NewGrainStateVersion
');

INSERT INTO OrleansQuery VALUES ('ReadFromStorageKey', '
SELECT CAST(state AS BLOB) AS PayloadBinary, version AS Version
FROM grain_state
WHERE state_name = @GrainTypeString AND grain_key = coalesce(@GrainIdExtensionString, '''')
    AND grain_n0 = @GrainIdN0 AND grain_n1 = @GrainIdN1 AND service_id = @ServiceId
');

INSERT INTO OrleansQuery VALUES ('ClearStorageKey', '
UPDATE grain_state SET state = NULL, version = version + 1, modified_at = strftime(''%Y-%m-%dT%H:%M:%fZ'')
WHERE state_name = @GrainTypeString AND grain_key = coalesce(@GrainIdExtensionString, '''')
    AND grain_n0 = @GrainIdN0 AND grain_n1 = @GrainIdN1 AND service_id = @ServiceId AND version = @GrainStateVersion
RETURNING version AS NewGrainStateVersion
');

INSERT INTO OrleansQuery VALUES ('DeleteStorageKey', '
DELETE FROM grain_state
WHERE state_name = @GrainTypeString AND grain_key = coalesce(@GrainIdExtensionString, '''')
    AND grain_n0 = @GrainIdN0 AND grain_n1 = @GrainIdN1 AND service_id = @ServiceId AND version = @GrainStateVersion
RETURNING version + 1 AS NewGrainStateVersion
');
