-- Rows against their own past: what was known before the row, of the same
-- series, at most twelve periods back. Made anew in every round of judging,
-- for the series that are due: `rejected_before` are rows of this batch that
-- the round before rejected.
create or replace table series_point as
select series_known.*
from series_known
inner join due_series
    on series_known.series_id = due_series.series_id
union all
select
    series_row.series_id,
    series_row.period_start,
    series_row.period,
    series_row.known_from,
    series_row.number,
    series_row.submission_id,
    series_row.source_code,
    false as is_past,
from series_row
inner join due_series
    on series_row.series_id = due_series.series_id
where series_row.row_id not in (select row_id from rejected_before)
;

-- Nearly every point was told once. Of several numbers the latest counts, and
-- of two of one moment the greater: the choice must not depend on the order of
-- arrival.
create or replace table series_past as
with

told as (
    select
        *,
        count(*) over (partition by series_id, period_start) > 1 as is_revised,
    from series_point
    where number is not null
),

earlier as (
    select
        series_row.row_id,
        told.* exclude (series_id),
    from series_row
    inner join told
        on
            series_row.series_id = told.series_id
            and series_row.period_start > told.period_start
            and series_row.known_from > told.known_from
    where
        told.period_start
        >= (series_row.period_start - to_months(12 * series_row.months))::date
)

select
    row_id,
    period_start,
    period,
    number,
from earlier
where not is_revised
union all
select
    row_id,
    period_start,
    any_value(period) as period,
    struct_extract(
        max(struct_pack(at := known_from, number := number)), 'number'
    ) as number,
from earlier
where is_revised
group by row_id, period_start
;

-- Numbers that this one revises, and its twins: the same point of the same
-- moment, of which the first by its name stands.
create or replace table series_revised as
select
    series_row.row_id,
    struct_extract(
        max(
            struct_pack(
                at := series_point.known_from, number := series_point.number
            )
        ) filter (
            series_point.known_from < series_row.known_from
            and series_point.number is not null
        ),
        'number'
    ) as revised_number,
    max(series_point.known_from) filter (
        series_point.known_from < series_row.known_from
        and series_point.number is not null
    ) as revised_known,
    min(series_point.submission_id) filter (
        series_point.known_from = series_row.known_from
    ) as twin_submission,
    min_by(
        coalesce(plain(series_point.number), 'no value'),
        series_point.submission_id
    ) filter (
        series_point.known_from = series_row.known_from
    ) as twin_value,
from series_row
inner join series_point
    on
        series_row.series_id = series_point.series_id
        and series_row.period_start = series_point.period_start
        and series_row.known_from >= series_point.known_from
where
    series_point.known_from < series_row.known_from
    or (
        not series_point.is_past
        and series_point.submission_id < series_row.submission_id
    )
    or (
        series_point.is_past
        and series_point.source_code = series_row.source_code
        and (
            series_point.submission_id <> series_row.submission_id
            or series_point.number is distinct from series_row.number
        )
    )
group by series_row.row_id
;

create or replace table series_own as
select
    row_id,
    count(*) as own_points,
    median(number) as own_median,
    mad(number::double) as own_mad,
    min(number) as own_least,
    max(number) as own_greatest,
    count(*) filter (number > 0) as own_positive,
    max(log10(nullif(greatest(number, 0)::double, 0)))
    - min(log10(nullif(greatest(number, 0)::double, 0))) as own_spread,
    max_by(number, period_start) as last_number,
    max(period_start) as last_start,
    max_by(period, period_start) as last_period,
from series_past
group by row_id
;
