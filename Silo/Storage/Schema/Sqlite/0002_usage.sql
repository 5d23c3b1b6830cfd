-- The usage ledger. Reports carry running totals of a source (an allocation, or one counter of a gateway process); the ledger keeps the last
-- totals of each source and adds the difference to the row of its hour, once, in one transaction. Times are text: 2026-01-31T23:00:00Z.

-- The last report of each source. added_* is what the last report added: the statement that wrote it returns it and it is booked.
CREATE TABLE usage_source (
    source_id TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    session TEXT NOT NULL,
    label TEXT NOT NULL,
    region TEXT NOT NULL,
    relay TEXT NOT NULL,
    transport TEXT NOT NULL,
    observed_at TEXT NOT NULL,
    allocations INTEGER NOT NULL,
    allocation_seconds INTEGER NOT NULL,
    sessions INTEGER NOT NULL,
    bindings INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    bytes_from_client INTEGER NOT NULL,
    bytes_to_client INTEGER NOT NULL,
    bytes_to_peer INTEGER NOT NULL,
    bytes_from_peer INTEGER NOT NULL,
    packets_from_client INTEGER NOT NULL,
    packets_to_client INTEGER NOT NULL,
    packets_to_peer INTEGER NOT NULL,
    packets_from_peer INTEGER NOT NULL,
    added_allocations INTEGER NOT NULL,
    added_allocation_seconds INTEGER NOT NULL,
    added_sessions INTEGER NOT NULL,
    added_bindings INTEGER NOT NULL,
    added_tokens INTEGER NOT NULL,
    added_bytes_from_client INTEGER NOT NULL,
    added_bytes_to_client INTEGER NOT NULL,
    added_bytes_to_peer INTEGER NOT NULL,
    added_bytes_from_peer INTEGER NOT NULL,
    added_packets_from_client INTEGER NOT NULL,
    added_packets_to_client INTEGER NOT NULL,
    added_packets_to_peer INTEGER NOT NULL,
    added_packets_from_peer INTEGER NOT NULL
) WITHOUT ROWID;

-- What was used. hour is the hour a row is booked to, occurred_hour the one it happened in: they differ for what was reported after its hour
-- had been sealed. export_cursor is given when the hour is sealed; from then on the row never changes.
CREATE TABLE usage_hour (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hour TEXT NOT NULL,
    occurred_hour TEXT NOT NULL,
    tenant TEXT NOT NULL,
    session TEXT NOT NULL,
    label TEXT NOT NULL,
    region TEXT NOT NULL,
    relay TEXT NOT NULL,
    transport TEXT NOT NULL,
    allocations INTEGER NOT NULL,
    allocation_seconds INTEGER NOT NULL,
    sessions INTEGER NOT NULL,
    bindings INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    bytes_from_client INTEGER NOT NULL,
    bytes_to_client INTEGER NOT NULL,
    bytes_to_peer INTEGER NOT NULL,
    bytes_from_peer INTEGER NOT NULL,
    packets_from_client INTEGER NOT NULL,
    packets_to_client INTEGER NOT NULL,
    packets_to_peer INTEGER NOT NULL,
    packets_from_peer INTEGER NOT NULL,
    export_cursor INTEGER,
    CONSTRAINT usage_hour_once UNIQUE (tenant, hour, occurred_hour, session, label, region, relay, transport)
);

CREATE INDEX usage_hour_by_hour ON usage_hour (hour);
CREATE INDEX usage_hour_unsealed ON usage_hour (hour, id) WHERE export_cursor IS NULL;
CREATE UNIQUE INDEX usage_hour_by_cursor ON usage_hour (export_cursor) WHERE export_cursor IS NOT NULL;
CREATE INDEX usage_hour_by_session ON usage_hour (session, hour) WHERE session <> '';

-- One row each: hours before sealed_until take no more bookings; last_cursor is the highest export_cursor given.
CREATE TABLE usage_seal (
    only_row INTEGER PRIMARY KEY DEFAULT 1 CHECK (only_row = 1),
    sealed_until TEXT NOT NULL
);
INSERT INTO usage_seal (sealed_until) VALUES ('2000-01-01T00:00:00Z');

CREATE TABLE usage_cursor (
    only_row INTEGER PRIMARY KEY DEFAULT 1 CHECK (only_row = 1),
    last_cursor INTEGER NOT NULL
);
INSERT INTO usage_cursor (last_cursor) VALUES (0);

-- For billing jobs: documented, stable, read only (docs/reference/usage.md).
-- client_bytes_both_directions and egress_to_client_bytes are the two metering rules found in the market.
CREATE VIEW usage_hourly AS
SELECT hour, nullif(occurred_hour, hour) AS adjusts_hour, tenant, session, label, region, relay, transport,
    allocations, allocation_seconds, sessions, bindings, tokens, bytes_from_client, bytes_to_client, bytes_to_peer, bytes_from_peer, packets_from_client, packets_to_client, packets_to_peer, packets_from_peer,
    bytes_from_client + bytes_to_client AS client_bytes_both_directions,
    bytes_to_client AS egress_to_client_bytes,
    hour < (SELECT sealed_until FROM usage_seal) AS sealed,
    export_cursor
FROM usage_hour;

CREATE VIEW usage_daily AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', hour, 'start of day') AS day, tenant, label, region, transport,
    sum(allocations) AS allocations,
    sum(allocation_seconds) AS allocation_seconds,
    sum(sessions) AS sessions,
    sum(bindings) AS bindings,
    sum(tokens) AS tokens,
    sum(bytes_from_client) AS bytes_from_client,
    sum(bytes_to_client) AS bytes_to_client,
    sum(bytes_to_peer) AS bytes_to_peer,
    sum(bytes_from_peer) AS bytes_from_peer,
    sum(packets_from_client) AS packets_from_client,
    sum(packets_to_client) AS packets_to_client,
    sum(packets_to_peer) AS packets_to_peer,
    sum(packets_from_peer) AS packets_from_peer,
    sum(bytes_from_client + bytes_to_client) AS client_bytes_both_directions,
    sum(bytes_to_client) AS egress_to_client_bytes,
    strftime('%Y-%m-%dT%H:%M:%SZ', hour, 'start of day', '+1 day') <= (SELECT sealed_until FROM usage_seal) AS sealed
FROM usage_hour
GROUP BY 1, 2, 3, 4, 5;

CREATE VIEW usage_monthly AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', hour, 'start of month') AS month, tenant, label, region, transport,
    sum(allocations) AS allocations,
    sum(allocation_seconds) AS allocation_seconds,
    sum(sessions) AS sessions,
    sum(bindings) AS bindings,
    sum(tokens) AS tokens,
    sum(bytes_from_client) AS bytes_from_client,
    sum(bytes_to_client) AS bytes_to_client,
    sum(bytes_to_peer) AS bytes_to_peer,
    sum(bytes_from_peer) AS bytes_from_peer,
    sum(packets_from_client) AS packets_from_client,
    sum(packets_to_client) AS packets_to_client,
    sum(packets_to_peer) AS packets_to_peer,
    sum(packets_from_peer) AS packets_from_peer,
    sum(bytes_from_client + bytes_to_client) AS client_bytes_both_directions,
    sum(bytes_to_client) AS egress_to_client_bytes,
    strftime('%Y-%m-%dT%H:%M:%SZ', hour, 'start of month', '+1 month') <= (SELECT sealed_until FROM usage_seal) AS sealed
FROM usage_hour
GROUP BY 1, 2, 3, 4, 5;
