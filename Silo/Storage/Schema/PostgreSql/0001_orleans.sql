-- What Orleans keeps in the database: grain state, cluster membership, reminders.
-- Orleans' relational providers read their SQL from OrleansQuery; the parameter names and the column names they read are Orleans' contract, the rest is ours.

CREATE TABLE orleansquery (
    querykey text PRIMARY KEY,
    querytext text NOT NULL
);

-- Grain state as JSON. state_name is the name in [PersistentState("...")], grain_key comes from GrainKeys.
CREATE TABLE grain_state (
    service_id text NOT NULL,
    state_name text NOT NULL,
    grain_key text COLLATE "C" NOT NULL,
    grain_n0 bigint NOT NULL,
    grain_n1 bigint NOT NULL,
    version integer NOT NULL,
    state jsonb,
    modified_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (state_name, grain_key, grain_n0, grain_n1, service_id)
) WITH (fillfactor = 80);

-- One row when the expected version (null: no row) was the stored one, else none. Versions start from the clock, so that a row cleared and
-- made anew never meets a version from before.
INSERT INTO orleansquery VALUES ('WriteToStorageKey', $query$
INSERT INTO grain_state AS stored (service_id, state_name, grain_key, grain_n0, grain_n1, version, state)
SELECT @ServiceId, @GrainTypeString, coalesce(@GrainIdExtensionString, ''), @GrainIdN0, @GrainIdN1,
    extract(epoch FROM now() - timestamptz '2025-01-01 00:00:00+00')::integer, convert_from(@PayloadBinary, 'UTF8')::jsonb
WHERE @GrainStateVersion IS NULL OR EXISTS (
    SELECT 1 FROM grain_state
    WHERE state_name = @GrainTypeString AND grain_key = coalesce(@GrainIdExtensionString, '')
        AND grain_n0 = @GrainIdN0 AND grain_n1 = @GrainIdN1 AND service_id = @ServiceId AND version = @GrainStateVersion)
ON CONFLICT (state_name, grain_key, grain_n0, grain_n1, service_id) DO UPDATE
SET version = stored.version + 1, state = excluded.state, modified_at = now()
WHERE stored.version = @GrainStateVersion
RETURNING version AS NewGrainStateVersion
$query$);

INSERT INTO orleansquery VALUES ('ReadFromStorageKey', $query$
SELECT convert_to(state::text, 'UTF8') AS PayloadBinary, version AS Version
FROM grain_state
WHERE state_name = @GrainTypeString AND grain_key = coalesce(@GrainIdExtensionString, '')
    AND grain_n0 = @GrainIdN0 AND grain_n1 = @GrainIdN1 AND service_id = @ServiceId
$query$);

INSERT INTO orleansquery VALUES ('ClearStorageKey', $query$
UPDATE grain_state SET state = NULL, version = version + 1, modified_at = now()
WHERE state_name = @GrainTypeString AND grain_key = coalesce(@GrainIdExtensionString, '')
    AND grain_n0 = @GrainIdN0 AND grain_n1 = @GrainIdN1 AND service_id = @ServiceId AND version = @GrainStateVersion
RETURNING version AS NewGrainStateVersion
$query$);

INSERT INTO orleansquery VALUES ('DeleteStorageKey', $query$
DELETE FROM grain_state
WHERE state_name = @GrainTypeString AND grain_key = coalesce(@GrainIdExtensionString, '')
    AND grain_n0 = @GrainIdN0 AND grain_n1 = @GrainIdN1 AND service_id = @ServiceId AND version = @GrainStateVersion
RETURNING version + 1 AS NewGrainStateVersion
$query$);

-- One row for each cluster (region): the version every change of its membership compares and sets.
CREATE TABLE orleans_membership_version (
    cluster_id text PRIMARY KEY,
    version integer NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE orleans_membership (
    cluster_id text NOT NULL REFERENCES orleans_membership_version,
    address text NOT NULL,
    port integer NOT NULL,
    generation integer NOT NULL,
    silo_name text NOT NULL,
    host_name text NOT NULL,
    status integer NOT NULL,
    gateway_port integer,
    suspected_by text,
    started_at timestamptz(3) NOT NULL,
    alive_at timestamptz(3) NOT NULL,
    PRIMARY KEY (cluster_id, address, port, generation)
);

INSERT INTO orleansquery VALUES ('InsertMembershipVersionKey', $query$
WITH inserted AS (
    INSERT INTO orleans_membership_version (cluster_id, version) VALUES (@DeploymentId, 0)
    ON CONFLICT DO NOTHING RETURNING 1)
SELECT count(*) = 1 FROM inserted
$query$);

INSERT INTO orleansquery VALUES ('InsertMembershipKey', $query$
WITH bumped AS (
    UPDATE orleans_membership_version SET version = version + 1, changed_at = now()
    WHERE cluster_id = @DeploymentId AND version = @Version
        AND NOT EXISTS (
            SELECT 1 FROM orleans_membership
            WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
    RETURNING cluster_id),
inserted AS (
    INSERT INTO orleans_membership (cluster_id, address, port, generation, silo_name, host_name, status, gateway_port, started_at, alive_at)
    SELECT cluster_id, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM bumped
    RETURNING 1)
SELECT count(*) = 1 FROM inserted
$query$);

INSERT INTO orleansquery VALUES ('UpdateMembershipKey', $query$
WITH bumped AS (
    UPDATE orleans_membership_version SET version = version + 1, changed_at = now()
    WHERE cluster_id = @DeploymentId AND version = @Version
        AND EXISTS (
            SELECT 1 FROM orleans_membership
            WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
    RETURNING cluster_id),
updated AS (
    UPDATE orleans_membership AS silo SET status = @Status, suspected_by = @SuspectTimes, alive_at = @IAmAliveTime
    FROM bumped
    WHERE silo.cluster_id = bumped.cluster_id AND address = @Address AND port = @Port AND generation = @Generation
    RETURNING 1)
SELECT count(*) = 1 FROM updated
$query$);

INSERT INTO orleansquery VALUES ('UpdateIAmAlivetimeKey', $query$
UPDATE orleans_membership SET alive_at = @IAmAliveTime
WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$query$);

INSERT INTO orleansquery VALUES ('MembershipReadRowKey', $query$
SELECT address AS Address, port AS Port, generation AS Generation, silo_name AS SiloName, host_name AS HostName, status AS Status,
    gateway_port AS ProxyPort, suspected_by AS SuspectTimes, started_at AS StartTime, alive_at AS IAmAliveTime, cluster.version AS Version
FROM orleans_membership_version AS cluster
LEFT JOIN orleans_membership AS silo
    ON silo.cluster_id = cluster.cluster_id AND address = @Address AND port = @Port AND generation = @Generation
WHERE cluster.cluster_id = @DeploymentId
$query$);

INSERT INTO orleansquery VALUES ('MembershipReadAllKey', $query$
SELECT address AS Address, port AS Port, generation AS Generation, silo_name AS SiloName, host_name AS HostName, status AS Status,
    gateway_port AS ProxyPort, suspected_by AS SuspectTimes, started_at AS StartTime, alive_at AS IAmAliveTime, cluster.version AS Version
FROM orleans_membership_version AS cluster
LEFT JOIN orleans_membership AS silo ON silo.cluster_id = cluster.cluster_id
WHERE cluster.cluster_id = @DeploymentId
$query$);

-- 3 is Active in Orleans' SiloStatus.
INSERT INTO orleansquery VALUES ('GatewaysQueryKey', $query$
SELECT address AS Address, gateway_port AS ProxyPort, generation AS Generation
FROM orleans_membership
WHERE cluster_id = @DeploymentId AND status = @Status AND gateway_port > 0
$query$);

INSERT INTO orleansquery VALUES ('CleanupDefunctSiloEntriesKey', $query$
DELETE FROM orleans_membership WHERE cluster_id = @DeploymentId AND alive_at < @IAmAliveTime AND status <> 3
$query$);

INSERT INTO orleansquery VALUES ('DeleteMembershipTableEntriesKey', $query$
WITH silos AS (DELETE FROM orleans_membership WHERE cluster_id = @DeploymentId)
DELETE FROM orleans_membership_version WHERE cluster_id = @DeploymentId
$query$);

CREATE TABLE orleans_reminder (
    service_id text NOT NULL,
    grain_id text NOT NULL,
    reminder_name text NOT NULL,
    grain_hash integer NOT NULL,
    start_at timestamptz(3) NOT NULL,
    period_milliseconds bigint NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (service_id, grain_id, reminder_name)
);

CREATE INDEX orleans_reminder_by_hash ON orleans_reminder (service_id, grain_hash);

INSERT INTO orleansquery VALUES ('UpsertReminderRowKey', $query$
INSERT INTO orleans_reminder AS stored (service_id, grain_id, reminder_name, grain_hash, start_at, period_milliseconds, version)
VALUES (@ServiceId, @GrainId, @ReminderName, @GrainHash, @StartTime, @Period, 0)
ON CONFLICT (service_id, grain_id, reminder_name) DO UPDATE
SET grain_hash = excluded.grain_hash, start_at = excluded.start_at, period_milliseconds = excluded.period_milliseconds, version = stored.version + 1
RETURNING version AS Version
$query$);

INSERT INTO orleansquery VALUES ('ReadReminderRowsKey', $query$
SELECT grain_id AS GrainId, reminder_name AS ReminderName, start_at AS StartTime, period_milliseconds AS Period, version AS Version
FROM orleans_reminder WHERE service_id = @ServiceId AND grain_id = @GrainId
$query$);

INSERT INTO orleansquery VALUES ('ReadReminderRowKey', $query$
SELECT grain_id AS GrainId, reminder_name AS ReminderName, start_at AS StartTime, period_milliseconds AS Period, version AS Version
FROM orleans_reminder WHERE service_id = @ServiceId AND grain_id = @GrainId AND reminder_name = @ReminderName
$query$);

INSERT INTO orleansquery VALUES ('ReadRangeRows1Key', $query$
SELECT grain_id AS GrainId, reminder_name AS ReminderName, start_at AS StartTime, period_milliseconds AS Period, version AS Version
FROM orleans_reminder WHERE service_id = @ServiceId AND grain_hash > @BeginHash AND grain_hash <= @EndHash
$query$);

INSERT INTO orleansquery VALUES ('ReadRangeRows2Key', $query$
SELECT grain_id AS GrainId, reminder_name AS ReminderName, start_at AS StartTime, period_milliseconds AS Period, version AS Version
FROM orleans_reminder WHERE service_id = @ServiceId AND (grain_hash > @BeginHash OR grain_hash <= @EndHash)
$query$);

INSERT INTO orleansquery VALUES ('DeleteReminderRowKey', $query$
WITH deleted AS (
    DELETE FROM orleans_reminder
    WHERE service_id = @ServiceId AND grain_id = @GrainId AND reminder_name = @ReminderName AND version = @Version
    RETURNING 1)
SELECT count(*) = 1 FROM deleted
$query$);

INSERT INTO orleansquery VALUES ('DeleteReminderRowsKey', $query$
DELETE FROM orleans_reminder WHERE service_id = @ServiceId
$query$);
