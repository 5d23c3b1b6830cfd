-- Sessions are grain state; this finds a tenant's, those made last first.
CREATE INDEX grain_state_session_tenant ON grain_state (state ->> '$.session.tenant', state ->> '$.session.createdAt' DESC, grain_key DESC)
WHERE state_name = 'session';
