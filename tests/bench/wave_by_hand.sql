-- What a person would write for one wave, knowing that it holds one month of one
-- form and that all targets are levels with a straight path. It computes the facts,
-- value, path, gap and status of progress, and reporting discipline. It does not
-- compute held status, second lenses, forecasts or warnings, and tests nothing.

insert into raw.observation by name
select *, getvariable('seq') as load_seq from read_parquet(getvariable('observations'));

insert into raw.submission by name
select *, getvariable('seq') as load_seq from read_parquet(getvariable('submissions'));

create temp table fresh as
select
    md5(concat_ws(
        '|', source_kind, source_code, unit_code, region_code, indicator_code,
        definition_version, period, breakdown
    )) as observation_key,
    (period || '-01')::date as period_start,
    last_day((period || '-01')::date) as period_end,
    *
from raw.observation
where load_seq = getvariable('seq');

update core.fct_observation as told
set known_to = fresh.known_from, is_current = false
from fresh
where
    told.is_current
    and told.period_end >= (select min(period_end) from fresh)
    and told.observation_key = fresh.observation_key;

insert into core.fct_observation by name
select *, null as known_to, true as is_current from fresh;

create temp table told as
select
    targets.plan_code, targets.plan_version, targets.indicator_code,
    targets.definition_version, targets.region_code, targets.unit_code,
    targets.breakdown, fresh.source_kind, fresh.period, fresh.period_end,
    targets.target_key, targets.target_type, targets.binding,
    targets.baseline_value::double as baseline_value,
    targets.target_value::double as target_value,
    fresh.value::double as value,
    datediff('month', plans.period_start, fresh.period_start + interval 1 month)
    / datediff('month', plans.period_start, plans.period_end + 1) as elapsed_share,
    fresh.observation_key, fresh.known_from
from fresh
inner join core.fct_target as targets
    on
        fresh.unit_code = targets.unit_code
        and fresh.indicator_code = targets.indicator_code
        and targets.is_current
inner join core.dim_plan as plans using (plan_code, plan_version);

delete from marts.indicator_progress as old
using told
where
    old.period_end >= (select min(period_end) from fresh)
    and old.target_key = told.target_key
    and old.period = told.period;

insert into marts.indicator_progress by name
select
    *,
    case
        when value >= target_value then 'achieved'
        when gap_pct <= 0 then 'green'
        when gap_pct <= 10 then 'yellow'
        else 'red'
    end as status_raw,
    'not_rated' as status_held, 'none' as forecast_method, 0 as n_points
from (
    select
        told.* exclude (elapsed_share),
        round(told.elapsed_share, 10) as elapsed_share,
        value as value_to_date,
        round((value - baseline_value) / (target_value - baseline_value), 10)
            as progress_share,
        round(
            (value - baseline_value) / (target_value - baseline_value) / told.elapsed_share,
            10
        ) as pace,
        round(baseline_value + (target_value - baseline_value) * told.elapsed_share, 10)
            as path_value,
        round(100 * (path_value - value) / abs(path_value), 10) as gap_pct,
    from told
);

create temp table month as
select distinct period, period_start, period_end
from fresh
where period = getvariable('period');

create temp table duty as
select
    'F' as form_code, units.unit_code, month.period, month.period_start,
    month.period_end,
    (month.period_end + 10 + time '23:59:59')::timestamp as due_at,
from core.dim_unit as units
cross join month;

insert into core.fct_obligation by name
select *, 'by hand' as reason from duty;

create temp table answered as
select
    unit_code, min(received_at) as first_received_at
from raw.submission
where load_seq = getvariable('seq') and received_at <= getvariable('as_of')
group by unit_code;

create temp table cells as
select unit_code, count(distinct indicator_code) as cells
from fresh
where period = getvariable('period') and value is not null
group by unit_code;

insert into marts.reporting_discipline by name
select
    'F' as form_code, period, ancestor_unit_code as unit_code,
    any_value(units.level) as unit_level, count(*) as expected_reports,
    count(*) filter (where due_at <= getvariable('as_of')) as due_reports,
    count(first_received_at) as actual_reports,
    count(*) filter (where first_received_at <= due_at) as on_time_reports,
    round(100.0 * actual_reports / expected_reports, 10) as reporting_rate,
    round(100.0 * on_time_reports / expected_reports, 10) as on_time_rate,
    20 * count(*) as required_cells, sum(coalesce(cells, 0)) as accepted_cells,
    round(100.0 * accepted_cells / required_cells, 10) as completeness,
    median(greatest(first_received_at::date - due_at::date, 0))
        filter (where first_received_at is not null) as median_days_late,
from duty
inner join core.bridge_unit_ancestor using (unit_code)
inner join core.dim_unit as units on ancestor_unit_code = units.unit_code
left join answered on duty.unit_code = answered.unit_code
left join cells on duty.unit_code = cells.unit_code
group by period, ancestor_unit_code;
