-- Events on their way to tenants' servers are grain state; this finds what has been due for a while. Few rows are in it at any time.
CREATE INDEX grain_state_due ON grain_state (grain_key, ((state ->> 'dueMilliseconds')::bigint))
WHERE state_name IN ('session', 'callbacks') AND (state ->> 'dueMilliseconds') IS NOT NULL;
