-- Who reported: the month itself, which has just become owed, and the month
-- before, whose reports have fallen due since the last wave. What was restated
-- was reported before.

create temp table month as
select distinct period
from fresh
where period_end >= (
    select last_day(max(period_end) - to_months(1)) from fresh
);

create temp table answered as
select form_code, unit_code, period, min(received_at) as first_received_at
from core.fct_submission
where period in (select period from month) and verdict <> 'rejected'
group by all;

create temp table cells as
select
    told.form_code, told.unit_code, told.period,
    count(distinct (told.indicator_code, told.breakdown)) as cells,
from core.fct_observation as told
inner join raw.registry_form_items as items
    on
        told.form_code = items.form_code
        and told.indicator_code = items.indicator_code
        and told.breakdown = items.breakdown
        and items.compulsory = 'true'
where
    told.period in (select period from month)
    and told.period_end >= (select min(period_end) from fresh)
    and told.is_current
    and told.value is not null
group by all;

create temp table duty as
select
    owed.form_code, owed.unit_code, owed.period, owed.due_at,
    answered.first_received_at,
    coalesce(cells.cells, 0) as cells,
from core.fct_obligation as owed
left join answered using (form_code, unit_code, period)
left join cells using (form_code, unit_code, period)
where owed.period in (select period from month);

delete from marts.reporting_discipline
where period in (select period from month);

insert into marts.reporting_discipline by name
select
    form_code, period, ancestor_unit_code as unit_code,
    any_value(units.level) as unit_level, count(*) as expected_reports,
    count(*) filter (due_at <= getvariable('as_of')) as due_reports,
    count(first_received_at) as actual_reports,
    count(*) filter (first_received_at <= due_at) as on_time_reports,
    round(100 * actual_reports / expected_reports, 10) as reporting_rate,
    round(100 * on_time_reports / expected_reports, 10) as on_time_rate,
    any_value(items.n_items) * count(*) as required_cells,
    sum(cells) as accepted_cells,
    round(100 * accepted_cells / required_cells, 10) as completeness,
    median(greatest(first_received_at::date - due_at::date, 0))
        filter (first_received_at is not null) as median_days_late,
from duty
inner join core.bridge_unit_ancestor using (unit_code)
inner join core.dim_unit as units on ancestor_unit_code = units.unit_code
inner join (
    select form_code, count(*) as n_items
    from raw.registry_form_items where compulsory = 'true' group by form_code
) as items using (form_code)
group by form_code, period, ancestor_unit_code;
