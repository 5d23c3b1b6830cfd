-- Changes of accounts: who, what, when, from where. A change is written with the state it changes, and comes here in the same transaction.
CREATE TABLE audit_entry (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    happened_at TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    actor TEXT NOT NULL,
    address TEXT NOT NULL,
    request TEXT NOT NULL
);

CREATE INDEX audit_entry_by_tenant ON audit_entry (tenant, sequence);
CREATE INDEX audit_entry_by_time ON audit_entry (happened_at);

-- A state keeps the entries of its last change until the next one: what is here already is left alone.
CREATE TRIGGER grain_state_audit_insert AFTER INSERT ON grain_state
WHEN NEW.state_name IN ('tenant', 'usage-triggers') AND json_array_length(NEW.state, '$.audit') > 0
BEGIN
    INSERT INTO audit_entry (id, tenant, happened_at, action, subject, detail, actor, address, request)
    SELECT entry.value ->> '$.id', entry.value ->> '$.tenant', strftime('%Y-%m-%dT%H:%M:%fZ', entry.value ->> '$.at'), entry.value ->> '$.action', entry.value ->> '$.subject',
        entry.value ->> '$.detail', entry.value ->> '$.origin.actor', entry.value ->> '$.origin.address', entry.value ->> '$.origin.request'
    FROM json_each(NEW.state, '$.audit') AS entry
    WHERE NOT EXISTS (SELECT 1 FROM audit_entry AS known WHERE known.id = entry.value ->> '$.id');
END;

CREATE TRIGGER grain_state_audit_update AFTER UPDATE ON grain_state
WHEN NEW.state_name IN ('tenant', 'usage-triggers') AND json_array_length(NEW.state, '$.audit') > 0
BEGIN
    INSERT INTO audit_entry (id, tenant, happened_at, action, subject, detail, actor, address, request)
    SELECT entry.value ->> '$.id', entry.value ->> '$.tenant', strftime('%Y-%m-%dT%H:%M:%fZ', entry.value ->> '$.at'), entry.value ->> '$.action', entry.value ->> '$.subject',
        entry.value ->> '$.detail', entry.value ->> '$.origin.actor', entry.value ->> '$.origin.address', entry.value ->> '$.origin.request'
    FROM json_each(NEW.state, '$.audit') AS entry
    WHERE NOT EXISTS (SELECT 1 FROM audit_entry AS known WHERE known.id = entry.value ->> '$.id');
END;
