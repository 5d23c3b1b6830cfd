-- Sessions are grain state; this finds a tenant's, those made last first. Times are text in UTC: COLLATE "C" sorts them as times.
CREATE INDEX grain_state_session_tenant ON grain_state ((state -> 'session' ->> 'tenant'), ((state -> 'session' ->> 'createdAt') COLLATE "C") DESC, grain_key DESC)
WHERE state_name = 'session';
