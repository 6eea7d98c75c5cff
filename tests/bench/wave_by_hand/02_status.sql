-- Targets that the wave touches, each from its first new month on, and how far
-- each stands: levels to reach, higher is better, monthly, on a straight path.

create temp table parameters as
select
    rule_id, rule_version,
    -- As text, in the order of the parameters' names.
    to_json(list_sort(list({
        'parameter': parameter, 'value': value, 'source': source,
        'source_status': source_status
    })))::varchar as as_json,
from raw.registry_rules
group by rule_id, rule_version;

set variable said = (
    select map_from_entries(list((rule_id || ' ' || parameter, value)))
    from raw.registry_rules
);

create temp macro rule(id, name) as
    getvariable('said')[id || ' ' || name]::double;

set variable yellow_limit = rule('PROGRESS_RAG', 'yellow_limit_pct');
set variable red_left_at = rule('PROGRESS_RAG', 'yellow_limit_pct')
- rule('PROGRESS_RAG', 'improve_margin_pct');
set variable improve_periods = rule('PROGRESS_RAG', 'improve_periods');
set variable kept_months = rule('PROGRESS_RAG', 'keep_missing_periods')::integer;

create temp macro month_no(day) as year(day) * 12 + month(day);

create temp table goal as
select
    -- A number joins in a third of the time of a hash as text.
    row_number() over ()::integer as goal_no,
    targets.*,
    touched.from_end,
    month_no(plans.period_start) as first_month,
    month_no(plans.period_end) - month_no(plans.period_start) + 1 as plan_months,
    month_no(plans.period_end) as end_month,
    plans.period_start as plan_start,
    plans.period_end as plan_end,
from (
    select indicator_code, region_code, unit_code, min(period_end) as from_end
    from fresh group by all
) as touched
inner join core.fct_target as targets
    on
        touched.indicator_code = targets.indicator_code
        and touched.region_code = targets.region_code
        and touched.unit_code is not distinct from targets.unit_code
        and targets.is_current
inner join core.dim_plan as plans using (plan_code, plan_version);

create temp table figure as
select
    goal.goal_no, told.source_kind, told.period, told.period_end,
    told.observation_key, told.known_from,
    told.value::double as value,
    goal.baseline_value::double as baseline,
    goal.target_value::double as target,
    month_no(told.period_end) - goal.first_month + 1 as place,
    goal.plan_months,
    place / goal.plan_months as elapsed,
from core.fct_observation as told
inner join goal
    on
        told.indicator_code = goal.indicator_code
        and told.definition_version = goal.definition_version
        and told.region_code = goal.region_code
        and told.breakdown = goal.breakdown
        and told.unit_code is not distinct from goal.unit_code
        and told.period_end >= goal.from_end
        and told.period_end between goal.plan_start and goal.plan_end
where
    told.is_current
    and told.period_end >= (select min(period_end) from fresh);

create temp table rated as
select
    *,
    round((value - baseline) / (target - baseline), 10) as progress_share,
    round((value - baseline) / (target - baseline) / elapsed, 10) as pace,
    baseline + (target - baseline) * elapsed as path,
    round(100 * (round(path, 10) - value) / abs(round(path, 10)), 10) as gap_pct,
    case
        when value >= target then 'achieved'
        when gap_pct <= 0 then 'green'
        when gap_pct <= getvariable('yellow_limit') then 'yellow'
        else 'red'
    end as status_raw,
from figure;

-- The held status walks month by month from where the series stood before:
-- worse at once, better after two good periods in a row, one step at a time.
create temp table place as
select
    goal_no, place, status_raw,
    case when status_raw <> 'achieved' then gap_pct end as gap,
    row_number() over (partition by goal_no order by place) as step,
from rated;

create temp table stood as
select
    goal.goal_no,
    month_no(max(told.period_end)) - any_value(goal.first_month) + 1 as place,
    max_by(told.status_raw, told.period_end) as status_raw,
    max_by(told.status_held, told.period_end) as status_held,
    arg_max_null(told.improving_run, told.period_end) as improving_run,
    arg_max_null(told.on_schedule_run, told.period_end) as on_schedule_run,
from marts.indicator_progress as told
inner join goal using (target_key)
where
    told.period_end < goal.from_end
    and told.period_end >= (
        select last_day(min(period_end) - to_months(getvariable('kept_months') + 1))
        from fresh
    )
group by goal.goal_no;

create temp table held as
with recursive walk as (
    select
        goal.goal_no, 0 as step, stood.place, stood.status_raw,
        stood.status_held, stood.improving_run, stood.on_schedule_run,
    from goal
    left join stood using (goal_no)
    union all
    select
        goal_no, step, place, status_raw,
        case
            when status_raw = 'achieved' then 'achieved'
            when gap > getvariable('yellow_limit') then 'red'
            when before.status_held = 'red' and not anew
                then
                    if(improving >= getvariable('improve_periods'), 'yellow', 'red')
            when gap > 0 then 'yellow'
            when before.status_held = 'yellow' and not anew
                then
                    if(
                        on_schedule >= getvariable('improve_periods'),
                        'green', 'yellow'
                    )
            else 'green'
        end as status_held,
        improving as improving_run,
        on_schedule as on_schedule_run,
    from (
        select
            now.*,
            before,
            coalesce(
                now.place - before.place > getvariable('kept_months') + 1
                or 'achieved' in (now.status_raw, before.status_raw),
                true
            ) as anew,
            -- Right after a target that was met there is nothing to improve.
            case
                when gap > getvariable('red_left_at') then 0
                when now.place - before.place = 1
                    then if(anew, null, before.improving_run + 1)
                else 1
            end as improving,
            case
                when gap > 0 then 0
                when now.place - before.place = 1
                    then if(anew, null, before.on_schedule_run + 1)
                else 1
            end as on_schedule,
        from walk as before
        inner join place as now
            on before.goal_no = now.goal_no and before.step + 1 = now.step
    )
)

select * from walk where step > 0;
