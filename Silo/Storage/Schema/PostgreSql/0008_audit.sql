-- Changes of accounts: who, what, when, from where. A change is written with the state it changes, and comes here in the same transaction.
CREATE TABLE audit_entry (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    tenant text NOT NULL,
    happened_at timestamptz NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL,
    actor text NOT NULL,
    address text NOT NULL,
    request text NOT NULL
);

CREATE INDEX audit_entry_by_tenant ON audit_entry (tenant, sequence);
CREATE INDEX audit_entry_by_time ON audit_entry (happened_at);

-- A state keeps the entries of its last change until the next one: what is here already is left alone.
CREATE FUNCTION audit_of_state() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO audit_entry (id, tenant, happened_at, action, subject, detail, actor, address, request)
    SELECT (entry.value ->> 'id')::uuid, entry.value ->> 'tenant', (entry.value ->> 'at')::timestamptz, entry.value ->> 'action', entry.value ->> 'subject',
        entry.value ->> 'detail', entry.value -> 'origin' ->> 'actor', entry.value -> 'origin' ->> 'address', entry.value -> 'origin' ->> 'request'
    FROM jsonb_array_elements(NEW.state -> 'audit') AS entry (value)
    ON CONFLICT (id) DO NOTHING;
    RETURN NULL;
END
$function$;

CREATE TRIGGER grain_state_audit AFTER INSERT OR UPDATE ON grain_state
FOR EACH ROW WHEN (NEW.state_name IN ('tenant', 'usage-triggers') AND jsonb_typeof(NEW.state -> 'audit') = 'array')
EXECUTE FUNCTION audit_of_state();
