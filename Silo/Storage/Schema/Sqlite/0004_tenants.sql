-- Tenants are grain state; these read them.

CREATE INDEX grain_state_tenant_parent ON grain_state (state ->> '$.tenant.parent', grain_key) WHERE state_name = 'tenant';

-- For billing jobs: documented, stable, read only (docs/reference/usage.md). Holds no secret.
CREATE VIEW tenants AS
SELECT state ->> '$.tenant.id' AS tenant,
    state ->> '$.tenant.name' AS name,
    state ->> '$.tenant.status' AS status,
    state ->> '$.tenant.parent' AS parent,
    strftime('%Y-%m-%dT%H:%M:%SZ', state ->> '$.tenant.createdAt') AS created_at
FROM grain_state
WHERE state_name = 'tenant' AND state ->> '$.tenant.id' IS NOT NULL;
