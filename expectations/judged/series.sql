-- Rows against their own past: what was known before the row, of the same
-- series, at most twelve periods back.
--   OBS_CUMULATIVE_FALLS, cumulative.<indicator>: year or always
--   OBS_STOCK_FLOW, flow.<stock indicator>: flow indicator
create macro start_of(period) as make_date(
    substr(period, 1, 4)::integer,
    case
        when length(period) = 4 then 1
        when period like '%-S%' then right(period, 1)::integer * 6 - 5
        when period like '%-Q%' then right(period, 1)::integer * 3 - 2
        else right(period, 2)::integer
    end,
    1
)
;

create macro plain(number) as
case
    when number = trunc(number) then number::hugeint::varchar
    else rtrim(rtrim(number::decimal(38, 10)::varchar, '0'), '.')
end
;

create table series as
select
    row_number() over () as series_id,
    *,
from (
    select distinct
        source_kind,
        owner,
        region_code,
        indicator_code,
        definition_version,
        breakdown,
    from usable
)
;

create table series_row as
select
    series.series_id,
    usable.*,
    coalesce(usable.form_code, usable.source_code || '|' || region_level.level)
        as peer_group,
from usable
left join region_level on usable.region_code = region_level.region_code
inner join series
    on
        usable.source_kind = series.source_kind
        and usable.owner = series.owner
        and usable.region_code = series.region_code
        and usable.indicator_code = series.indicator_code
        and usable.definition_version = series.definition_version
        and usable.breakdown = series.breakdown
;

-- A row that comes again with the batch that brought it first is one point.
create table series_point as
select distinct
    series.series_id,
    start_of(history.period) as period_start,
    history.period,
    history.known_from,
    history.value as number,
    history.submission_id,
    true as is_past,
from history_observation as history
inner join series
    on
        history.source_kind = series.source_kind
        and coalesce(history.unit_code, history.source_code) = series.owner
        and history.region_code = series.region_code
        and history.indicator_code = series.indicator_code
        and history.definition_version = series.definition_version
        and history.breakdown = series.breakdown
where history.value is not null
union
select
    series_id,
    period_start,
    period,
    known_from,
    number,
    submission_id,
    false as is_past,
from series_row
;

-- Nearly every row of a first wave stands alone; only the others are compared.
create table series_past as
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
    series_point.period_start
    >= (series_row.period_start - to_months(12 * series_row.months))::date
group by series_row.row_id, series_point.period_start
;

create table series_revised as
select
    series_row.row_id,
    struct_extract(
        max(
            struct_pack(
                at := series_point.known_from, number := series_point.number
            )
        ) filter (
            series_point.known_from < series_row.known_from
        ),
        'number'
    ) as revised_number,
    max(series_point.known_from) filter (
        series_point.known_from < series_row.known_from
    ) as revised_known,
    -- Of one batch, groups.sql tells.
    max(series_point.submission_id) filter (
        series_point.is_past
        and series_point.known_from = series_row.known_from
    ) as twin_submission,
    max(series_point.number) filter (
        series_point.is_past
        and series_point.known_from = series_row.known_from
        and (
            series_point.submission_id <> series_row.submission_id
            or series_point.number <> series_row.number
        )
    ) as twin_number,
from series_row
inner join series_point
    on
        series_row.series_id = series_point.series_id
        and series_row.period_start = series_point.period_start
        and series_row.known_from >= series_point.known_from
where
    series_point.known_from < series_row.known_from
    or series_point.submission_id <> series_row.submission_id
    or series_point.number <> series_row.number
group by series_row.row_id
;

create table series_own as
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
