-- What the warehouse notes about its own work; no part of the content.

create schema if not exists ops;

-- Logs of finished runs that raw.fetch_outcome has taken in.
create table if not exists ops.outcome_file (file_name varchar not null);

-- Up to which load each incremental model has read; written in its own
-- transaction, so that a killed build resumes where each model stands.
create table if not exists ops.watermark (
    model varchar not null,
    load_seq bigint not null,
    as_of timestamp not null
);

-- Where each series of marts.indicator_progress stood before the first period
-- that the latest build computed again.
create table if not exists ops.progress_seed (
    target_key varchar not null,
    source_kind varchar not null,
    period varchar not null,
    place integer not null,
    status_raw varchar not null,
    status_held varchar not null,
    improving_run integer,
    on_schedule_run integer
);

-- Builds that finished, so that a build with nothing new is not repeated.
create table if not exists ops.build (
    load_seq bigint not null,
    as_of timestamp not null,
    project_hash varchar not null,
    finished_at timestamp not null
);
