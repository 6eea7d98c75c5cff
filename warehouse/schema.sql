-- Raw schema: insert-only. A correction is a new row with a later known_from.
-- Registry tables are made from the registry shapes (see schema.py).

create schema if not exists raw;

create table if not exists raw.batch (
    batch_id varchar not null,
    source_code varchar not null,
    kind varchar not null,
    source_kind varchar not null,
    registry varchar,
    simulated boolean not null,
    received_at timestamp not null,
    sha256 varchar not null,
    status varchar not null check (status in ('loaded', 'refused')),
    rows_received bigint not null,
    rows_accepted bigint not null,
    rows_rejected bigint not null,
    rule_set_version varchar not null,
    loaded_at timestamp not null,
    load_seq bigint not null,
    check (rows_received = rows_accepted + rows_rejected)
);

create table if not exists raw.landed_file (
    batch_id varchar not null,
    file_sha256 varchar not null,
    url varchar not null,
    size_bytes bigint not null,
    media_type varchar,
    licence varchar,
    fetched_at timestamp not null,
    load_seq bigint not null
);

create table if not exists raw.submission (
    submission_id varchar not null,
    batch_id varchar not null,
    source_code varchar not null,
    file_sha256 varchar not null,
    unit_code varchar,
    form_code varchar,
    period varchar,
    received_at timestamp,
    sha256 varchar not null,
    verdict varchar not null,
    rows_received bigint not null,
    rows_accepted bigint not null,
    rows_rejected bigint not null,
    rule_set_version varchar not null,
    load_seq bigint not null,
    check (rows_received = rows_accepted + rows_rejected)
);

create table if not exists raw.observation (
    source_kind varchar not null,
    source_code varchar not null,
    batch_id varchar not null,
    file_sha256 varchar not null,
    submission_id varchar,
    form_code varchar,
    row_number bigint not null,
    row_key varchar,
    unit_code varchar,
    region_code varchar not null,
    indicator_code varchar not null,
    definition_version varchar not null,
    period varchar not null,
    breakdown varchar not null,
    value decimal(38, 10),
    unit_measure varchar not null,
    obs_status varchar not null,
    conf_status varchar not null,
    published_at timestamp,
    known_from timestamp not null,
    comment varchar,
    load_seq bigint not null
);

-- Rows that the gate rejected, as they were sent. Nothing above raw reads it.
create table if not exists raw.quarantine (
    source_kind varchar,
    source_code varchar not null,
    batch_id varchar not null,
    file_sha256 varchar,
    submission_id varchar,
    form_code varchar,
    row_number bigint,
    row_key varchar,
    unit_code varchar,
    region_code varchar,
    indicator_code varchar,
    definition_version varchar,
    period varchar,
    breakdown varchar,
    value varchar,
    unit_measure varchar,
    obs_status varchar,
    conf_status varchar,
    published_at varchar,
    known_from timestamp,
    comment varchar,
    load_seq bigint not null
);

create table if not exists raw.rejection (
    batch_id varchar not null,
    submission_id varchar,
    row_number bigint,
    row_key varchar,
    field varchar,
    offending_value varchar,
    rule_id varchar not null,
    rule_version varchar not null,
    severity varchar not null,
    expected varchar,
    expected_from varchar,
    how_to_fix_en varchar,
    how_to_fix_zh varchar,
    load_seq bigint not null
);

-- One row an attempt to fetch; see the log in landing/outcomes.
create table if not exists raw.fetch_outcome (
    run_id varchar not null,
    source_code varchar not null,
    shard bigint not null,
    unit_code varchar not null,
    url varchar not null,
    attempt bigint not null,
    result varchar not null,
    status bigint not null,
    error_class varchar not null,
    message varchar not null,
    size_bytes bigint not null,
    seconds double not null,
    sha256 varchar not null,
    attempted_at varchar not null
);

-- What rules would have said at past dates; see warehouse/replay.py. Each replay
-- is a batch of its own: the rules that it fired, the targets that it watched
-- and the warnings that stood at each date.
create table if not exists raw.replayed_rule (
    batch_id varchar not null,
    rule_id varchar not null,
    rule_version varchar not null,
    load_seq bigint not null
);

create table if not exists raw.replayed_target (
    batch_id varchar not null,
    target_key varchar not null,
    source_kind varchar not null,
    watched_from timestamp not null,
    load_seq bigint not null
);

create table if not exists raw.replayed_warning (
    batch_id varchar not null,
    warning_id varchar not null,
    rule_id varchar not null,
    rule_version varchar not null,
    target_key varchar not null,
    source_kind varchar not null,
    first_warned_at timestamp not null,
    load_seq bigint not null
);
