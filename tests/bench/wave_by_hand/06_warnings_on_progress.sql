-- Warnings on the progress of targets: off track, status worsening, forecast
-- miss. Each rule tells of a series the newest run of bad months.

-- How many of its newest months a warning lists.
create temp macro listed(months) as list_slice(months, -12, -1);

create temp table standing as
select told.rule_id, goal.goal_no, told.resolved_at
from marts.warned as told
inner join goal
    on
        told.plan_code = goal.plan_code
        and told.plan_version = goal.plan_version
        and told.indicator_code = goal.indicator_code
        and told.region_code = goal.region_code
        and told.unit_code is not distinct from goal.unit_code;

-- A warning can change where a touched month is bad, where it stands open, and
-- where an earlier month of the series was restated.
create temp table judged_again as
select 'EW_OFF_TRACK' as rule_id, goal_no
from rated where status_raw in ('yellow', 'red')
union
select 'EW_STATUS_WORSENING', goal_no
from held where status_held in ('yellow', 'red')
union
select 'EW_FORECAST_MISS', goal_no
from forecast where p_miss >= rule('EW_FORECAST_MISS', 'yellow_at')
union
select standing.rule_id, standing.goal_no
from standing
inner join goal using (goal_no)
where
    standing.resolved_at is null
    or goal.from_end < (select max(period_end) from fresh);

create temp table past as
select
    goal.goal_no, told.period_end, told.period, told.status_raw, told.gap_pct,
    told.known_from, told.status_held,
    case
        when told.status_raw = 'achieved' or told.elapsed_share >= 1 then 0
        else told.p_miss
    end as p_miss,
    lag(told.status_held) over (
        partition by goal.goal_no order by told.period_end
    ) as held_before,
from marts.indicator_progress as told
inner join goal using (target_key)
where goal.goal_no in (select goal_no from judged_again);

create temp macro steps(status) as
    case status when 'red' then 2 when 'yellow' then 1 else 0 end;

create temp table measured as
select * from (
    select
        again.rule_id, past.goal_no, past.period_end, past.known_from,
        case again.rule_id
            when 'EW_OFF_TRACK'
                then case past.status_raw when 'red' then 3 when 'yellow' then 1 else 0 end
            when 'EW_STATUS_WORSENING'
                then if(
                    past.held_before is null, null,
                    steps(past.status_held) - steps(past.held_before)
                )
            else past.p_miss
        end::double as measure,
        case
            when again.rule_id = 'EW_STATUS_WORSENING' then past.held_before
        end as compared_with,
        struct_pack(
            period := past.period, status_raw := past.status_raw,
            gap_pct := past.gap_pct
        ) as told,
    from judged_again as again
    inner join past using (goal_no)
)
where measure is not null;

create temp table limits as
select
    rule_id, rule_version, as_json,
    if(rule_id = 'EW_OFF_TRACK', 1, rule(rule_id, 'yellow_at')) as yellow_at,
    if(rule_id = 'EW_OFF_TRACK', 2, rule(rule_id, 'orange_at')) as orange_at,
    if(rule_id = 'EW_OFF_TRACK', 2, rule(rule_id, 'red_at')) as red_at,
    rule(rule_id, 'escalate_every') as escalate_every,
from parameters;

create temp table run as
select
    rule_id, goal_no,
    max(period_end) as period_end,
    max_by(told.period, period_end) as period,
    min_by(told.period, period_end) as first_period,
    max_by(level, period_end) as level,
    max_by(measure, period_end) as measure,
    arg_max_null(compared_with, period_end) as compared_with,
    count(*) as n_periods,
    min(known_from) as first_raised_at,
    max(known_from) as last_seen_at,
    -- A figure may come after that of a later month.
    case
        when arg_max_null(next_known_from, period_end) is not null
            then greatest(max_by(next_known_from, period_end), max(known_from))
    end as resolved_at,
    listed(list_sort(list(told))) as periods,
from (
    select
        *,
        max(case when level = 0 then period_end end) over series as good_until,
        lead(known_from) over series as next_known_from,
    from (
        select
            measured.*,
            case
                when measure > red_at then 3
                when measure >= orange_at then 2
                when measure >= yellow_at then 1
                else 0
            end as level,
        from measured inner join limits using (rule_id)
    )
    window series as (partition by rule_id, goal_no order by period_end)
)
where level > 0
group by rule_id, goal_no, good_until
qualify row_number() over (
    partition by rule_id, goal_no order by max(period_end) desc
) = 1;

delete from marts.warned as old
using judged_again as again
inner join goal using (goal_no)
where
    old.rule_id = again.rule_id
    and old.plan_code = goal.plan_code
    and old.plan_version = goal.plan_version
    and old.indicator_code = goal.indicator_code
    and old.region_code = goal.region_code
    and old.unit_code is not distinct from goal.unit_code;

insert into marts.warned by name
select
    'EW-' || substr(md5(concat_ws(
        '|', rule_id, goal.plan_code, goal.plan_version, goal.indicator_code,
        goal.definition_version, goal.region_code, coalesce(goal.unit_code, ''),
        goal.breakdown, progress.source_kind
    )), 1, 12) as warning_id,
    run.* exclude (goal_no, period_end, level),
    goal.plan_code, goal.plan_version, goal.indicator_code,
    goal.definition_version, goal.region_code, goal.unit_code, goal.breakdown,
    progress.source_kind, goal.binding, goal.target_value, progress.value,
    progress.value_to_date, progress.path_value, progress.gap_pct,
    progress.progress_share, progress.elapsed_share, progress.status_raw,
    progress.status_held, progress.p_miss, progress.forecast_value,
    progress.forecast_low80, progress.forecast_high80, progress.forecast_method,
    progress.n_points, progress.observation_key,
    limits.rule_version, limits.as_json as parameters_json,
    (select as_json from parameters where rule_id = 'PROGRESS_RAG')
        as limit_parameters_json,
    case
        when level = 1 then 'yellow'
        when level = 2 or not goal.binding then 'orange'
        else 'red'
    end as severity,
    coalesce(goal.unit_code, goal.responsible_unit_code) as responsible_unit_code,
    coalesce(floor((run.n_periods - 1) / nullif(limits.escalate_every, 0)), 0)::integer
        as escalation_level,
from run
inner join limits using (rule_id)
inner join goal using (goal_no)
inner join marts.indicator_progress as progress
    on goal.target_key = progress.target_key and run.period_end = progress.period_end;
