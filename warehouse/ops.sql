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

-- The state as an earlier version kept it; the first build makes all anew.
drop table if exists ops.warned_series;
drop table if exists ops.warned_run;

-- What intermediate.int_warnings continues from: each series at the end of each
-- half-year in which it was judged, and now.
create table if not exists ops.warning_series (
    target_key varchar not null,
    source_kind varchar not null,
    last_end date not null,
    until_end date not null,
    status_held varchar
);

-- The latest run of each rule on each series, at the end of each half-year in
-- which it changed, and now, with the figures of its last period.
create table if not exists ops.warning_run (
    rule_id varchar not null,
    target_key varchar not null,
    source_kind varchar not null,
    last_end date not null,
    until_end date not null,
    period varchar not null,
    risk_level integer not null,
    measure double not null,
    compared_with varchar,
    n_periods bigint not null,
    first_period varchar not null,
    first_raised_at timestamp not null,
    last_seen_at timestamp not null,
    resolved_at timestamp,
    periods struct(
        period_no integer,
        status_no utinyint,
        gap_pct double
    )[] not null,
    figures struct(
        value double,
        value_to_date double,
        path_value double,
        gap_pct double,
        progress_share double,
        elapsed_share double,
        status_raw varchar,
        status_held varchar,
        p_miss double,
        forecast_value double,
        forecast_low80 double,
        forecast_high80 double,
        forecast_method varchar,
        n_points bigint,
        observation_key varchar
    ) not null
);

-- Builds that finished, so that a build with nothing new is not repeated.
create table if not exists ops.build (
    load_seq bigint not null,
    as_of timestamp not null,
    project_hash varchar not null,
    finished_at timestamp not null
);
