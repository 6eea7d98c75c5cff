-- Totals and weighted means of the groups of provinces, the scores of their plans,
-- and what the forms of the year ask of each unit.

create temp table moved as
select distinct indicator_code, period
from fresh where unit_code is null
union
select indicators.indicator_code, fresh.period
from fresh
inner join core.dim_indicator as indicators
    on fresh.indicator_code = indicators.weight_indicator_code
where fresh.unit_code is null;

create temp table province as
select region_code, indicator_code, definition_version, source_kind, period,
    period_end, breakdown, value,
from core.fct_observation
where
    is_current and unit_code is null
    and period_end >= (select min(period_end) from fresh);

create temp table member as
select group_kind, group_code, region_code
from raw.registry_region_groups
union all
select 'region', parent_region_code, region_code
from core.dim_region where level = 1;

delete from marts.region_aggregate as old
using moved
where
    old.indicator_code = moved.indicator_code and old.period = moved.period;

insert into marts.region_aggregate by name
select
    group_kind, group_code, 1 as member_level, figure.indicator_code,
    figure.definition_version, figure.source_kind, figure.period,
    figure.breakdown,
    md5(concat_ws('|', figure.indicator_code, figure.period)) as aggregate_key,
    any_value(indicators.aggregation) as aggregation,
    any_value(indicators.weight_indicator_code) as weight_indicator_code,
    case any_value(indicators.aggregation)
        when 'sum' then round(sum(figure.value)::double, 10)
        else round(
            sum(figure.value::double * weight.value::double)
            / sum(weight.value::double), 10
        )
    end as value,
    any_value(expected.n_members) as n_members,
    count(*) as n_reported,
    count(if(indicators.aggregation = 'sum', 1, weight.value)) as n_used,
    round(n_used / any_value(expected.n_members), 10) as coverage_share,
    coverage_share = 1 as is_complete,
    any_value(figure.period_end) as period_end,
from province as figure
inner join moved using (indicator_code, period)
inner join core.dim_indicator as indicators
    on
        figure.indicator_code = indicators.indicator_code
        and figure.definition_version = indicators.definition_version
inner join member using (region_code)
inner join (
    select group_kind, group_code, count(*) as n_members from member group by all
) as expected using (group_kind, group_code)
left join province as weight
    on
        indicators.weight_indicator_code = weight.indicator_code
        and figure.region_code = weight.region_code
        and figure.source_kind = weight.source_kind
        and figure.period = weight.period
group by all;

-- The plan has not ended: every target is open, and its last status counts.
create temp table rating as
select
    goal.plan_code, goal.plan_version, goal.region_code, goal.binding,
    coalesce(counting.value, goal.indicator_code) as headline,
    told.source_kind,
    case told.status_raw when 'red' then 2 when 'yellow' then 1 end as worst,
from goal
left join (
    select
        target_key,
        max_by(source_kind, period_end) as source_kind,
        max_by(status_raw, period_end) as status_raw,
    from marts.indicator_progress
    where
        unit_code is null and status_raw <> 'not_rated'
        and period_end >= (select min(period_end) from fresh)
    group by target_key
) as told using (target_key)
left join raw.registry_rules as counting
    on
        counting.rule_id = 'PLAN_COUNTING'
        and goal.indicator_code = counting.parameter
where goal.unit_code is null and counting.value is distinct from 'NOT_COUNTED';

delete from marts.plan_scorecard as old
using rating
where
    old.plan_code = rating.plan_code and old.plan_version = rating.plan_version
    and old.region_code = rating.region_code;

insert into marts.plan_scorecard by name
select
    plan_code, plan_version, region_code, counting,
    count(*) as n_total,
    count(*) filter (binding) as n_binding,
    0 as n_over_fulfilled, 0 as n_met, 0 as n_missed,
    count(*) as n_open,
    0 as n_not_countable,
    count(*) filter (worst = 2) as n_red,
    count(*) filter (worst = 2 and binding) as n_red_binding,
    count(*) filter (worst = 1) as n_yellow,
    0 as n_completed, null as completion_pct, null as over_fulfilled_pct,
    any_value(source_kind) as source_kinds,
from (
    select 'sub_indicator' as counting, * from rating
    union all by name
    select
        'indicator' as counting, plan_code, plan_version, region_code, headline,
        bool_or(binding) as binding, max(worst) as worst,
        any_value(source_kind) as source_kind,
    from rating
    group by all
)
group by plan_code, plan_version, region_code, counting;

delete from marts.form_burden
where report_year = left(getvariable('period'), 4)::integer;

insert into marts.form_burden by name
select
    owed.unit_code, year(owed.period_start) as report_year,
    any_value(units.level) as unit_level,
    count(distinct owed.form_code) as n_forms,
    count(*) as n_reports,
    sum(items.n_items) as n_cells,
    sum(items.n_compulsory) as n_compulsory_cells,
    0 as n_duplicate_asks, 0 as n_repeated_cells, null as duplicate_asks,
from core.fct_obligation as owed
inner join core.dim_unit as units using (unit_code)
inner join (
    select
        form_code, count(*) as n_items,
        count(*) filter (compulsory = 'true') as n_compulsory,
    from raw.registry_form_items group by form_code
) as items using (form_code)
where owed.period_start >= date_trunc('year', (getvariable('period') || '-01')::date)
group by owed.unit_code, report_year;
