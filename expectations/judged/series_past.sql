-- Rows against their own past: what was known before the row, of the same
-- series, at most twelve periods back. Made anew for every round of judging:
-- `rejected_before` are rows of this batch that the round before rejected.
create or replace table series_point as
select * from series_known
union all
select
    series_id,
    period_start,
    period,
    known_from,
    number,
    submission_id,
    source_code,
    false as is_past,
from series_row
where row_id not in (select row_id from rejected_before)
;

-- Nearly every row of a first wave stands alone; only the others are compared.
create or replace table series_past as
select
    series_row.row_id,
    series_point.period_start,
    any_value(series_point.period) as period,
    -- Of two numbers of one moment the greater: the choice must not depend
    -- on the order of arrival.
    struct_extract(
        max(
            struct_pack(
                at := series_point.known_from, number := series_point.number
            )
        ),
        'number'
    ) as number,
from series_row
inner join series_point
    on
        series_row.series_id = series_point.series_id
        and series_row.period_start > series_point.period_start
        and series_row.known_from > series_point.known_from
where
    series_point.number is not null
    and series_point.period_start
    >= (series_row.period_start - to_months(12 * series_row.months))::date
group by series_row.row_id, series_point.period_start
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
