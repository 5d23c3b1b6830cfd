-- The usage ledger. Reports carry running totals of a source (an allocation, or one counter of a gateway process); the ledger keeps the last
-- totals of each source and adds the difference to the row of its hour, once, in one statement.

-- The last report of each source. added_* is what the last report added: the statement that wrote it returns it and books it.
CREATE TABLE usage_source (
    source_id uuid PRIMARY KEY,
    sequence bigint NOT NULL,
    tenant text NOT NULL,
    session text NOT NULL,
    label text NOT NULL,
    region text NOT NULL,
    relay text NOT NULL,
    transport text NOT NULL,
    observed_at timestamptz NOT NULL,
    allocations bigint NOT NULL,
    allocation_seconds bigint NOT NULL,
    sessions bigint NOT NULL,
    bindings bigint NOT NULL,
    tokens bigint NOT NULL,
    bytes_from_client bigint NOT NULL,
    bytes_to_client bigint NOT NULL,
    bytes_to_peer bigint NOT NULL,
    bytes_from_peer bigint NOT NULL,
    packets_from_client bigint NOT NULL,
    packets_to_client bigint NOT NULL,
    packets_to_peer bigint NOT NULL,
    packets_from_peer bigint NOT NULL,
    added_allocations bigint NOT NULL,
    added_allocation_seconds bigint NOT NULL,
    added_sessions bigint NOT NULL,
    added_bindings bigint NOT NULL,
    added_tokens bigint NOT NULL,
    added_bytes_from_client bigint NOT NULL,
    added_bytes_to_client bigint NOT NULL,
    added_bytes_to_peer bigint NOT NULL,
    added_bytes_from_peer bigint NOT NULL,
    added_packets_from_client bigint NOT NULL,
    added_packets_to_client bigint NOT NULL,
    added_packets_to_peer bigint NOT NULL,
    added_packets_from_peer bigint NOT NULL
) WITH (fillfactor = 70);

-- What was used. hour is the hour a row is booked to, occurred_hour the one it happened in: they differ for what was reported after its hour
-- had been sealed. export_cursor is given when the hour is sealed; from then on the row never changes.
CREATE TABLE usage_hour (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hour timestamptz NOT NULL,
    occurred_hour timestamptz NOT NULL,
    tenant text NOT NULL,
    session text NOT NULL,
    label text NOT NULL,
    region text NOT NULL,
    relay text NOT NULL,
    transport text NOT NULL,
    allocations bigint NOT NULL,
    allocation_seconds bigint NOT NULL,
    sessions bigint NOT NULL,
    bindings bigint NOT NULL,
    tokens bigint NOT NULL,
    bytes_from_client bigint NOT NULL,
    bytes_to_client bigint NOT NULL,
    bytes_to_peer bigint NOT NULL,
    bytes_from_peer bigint NOT NULL,
    packets_from_client bigint NOT NULL,
    packets_to_client bigint NOT NULL,
    packets_to_peer bigint NOT NULL,
    packets_from_peer bigint NOT NULL,
    export_cursor bigint,
    CONSTRAINT usage_hour_once UNIQUE (tenant, hour, occurred_hour, session, label, region, relay, transport)
) WITH (fillfactor = 80);

CREATE INDEX usage_hour_by_hour ON usage_hour (hour);
CREATE INDEX usage_hour_unsealed ON usage_hour (hour, id) WHERE export_cursor IS NULL;
CREATE UNIQUE INDEX usage_hour_by_cursor ON usage_hour (export_cursor) WHERE export_cursor IS NOT NULL;
CREATE INDEX usage_hour_by_session ON usage_hour (session, hour) WHERE session <> '';

-- One row each: hours before sealed_until take no more bookings; last_cursor is the highest export_cursor given.
CREATE TABLE usage_seal (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sealed_until timestamptz NOT NULL
);
INSERT INTO usage_seal (sealed_until) VALUES ('2000-01-01 00:00:00+00');

CREATE TABLE usage_cursor (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    last_cursor bigint NOT NULL
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
SELECT date_trunc('day', hour, 'UTC') AS day, tenant, label, region, transport,
    sum(allocations)::bigint AS allocations,
    sum(allocation_seconds)::bigint AS allocation_seconds,
    sum(sessions)::bigint AS sessions,
    sum(bindings)::bigint AS bindings,
    sum(tokens)::bigint AS tokens,
    sum(bytes_from_client)::bigint AS bytes_from_client,
    sum(bytes_to_client)::bigint AS bytes_to_client,
    sum(bytes_to_peer)::bigint AS bytes_to_peer,
    sum(bytes_from_peer)::bigint AS bytes_from_peer,
    sum(packets_from_client)::bigint AS packets_from_client,
    sum(packets_to_client)::bigint AS packets_to_client,
    sum(packets_to_peer)::bigint AS packets_to_peer,
    sum(packets_from_peer)::bigint AS packets_from_peer,
    sum(bytes_from_client + bytes_to_client)::bigint AS client_bytes_both_directions,
    sum(bytes_to_client)::bigint AS egress_to_client_bytes,
    (date_trunc('day', hour, 'UTC') AT TIME ZONE 'UTC' + interval '1 day') AT TIME ZONE 'UTC' <= (SELECT sealed_until FROM usage_seal) AS sealed
FROM usage_hour
GROUP BY 1, 2, 3, 4, 5;

CREATE VIEW usage_monthly AS
SELECT date_trunc('month', hour, 'UTC') AS month, tenant, label, region, transport,
    sum(allocations)::bigint AS allocations,
    sum(allocation_seconds)::bigint AS allocation_seconds,
    sum(sessions)::bigint AS sessions,
    sum(bindings)::bigint AS bindings,
    sum(tokens)::bigint AS tokens,
    sum(bytes_from_client)::bigint AS bytes_from_client,
    sum(bytes_to_client)::bigint AS bytes_to_client,
    sum(bytes_to_peer)::bigint AS bytes_to_peer,
    sum(bytes_from_peer)::bigint AS bytes_from_peer,
    sum(packets_from_client)::bigint AS packets_from_client,
    sum(packets_to_client)::bigint AS packets_to_client,
    sum(packets_to_peer)::bigint AS packets_to_peer,
    sum(packets_from_peer)::bigint AS packets_from_peer,
    sum(bytes_from_client + bytes_to_client)::bigint AS client_bytes_both_directions,
    sum(bytes_to_client)::bigint AS egress_to_client_bytes,
    (date_trunc('month', hour, 'UTC') AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC' <= (SELECT sealed_until FROM usage_seal) AS sealed
FROM usage_hour
GROUP BY 1, 2, 3, 4, 5;
