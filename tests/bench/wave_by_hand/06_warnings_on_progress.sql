-- Warnings on the progress of targets: off track, status worsening, forecast
-- miss. Each rule tells of a series the newest run of bad months.

-- How many of its newest months a warning lists.
create temp macro listed(months) as list_slice(months, -12, -1);

create temp macro number_text(x, digits) as case digits
    when 0 then x::decimal(38, 0)::varchar
    when 1 then x::decimal(38, 1)::varchar
    else x::decimal(38, 2)::varchar
end;

create temp macro status_zh(status) as case status
    when 'red' then '红' when 'yellow' then '黄' when 'green' then '绿'
    when 'achieved' then '已完成' else status
end;

create temp table standing as
select told.rule_id, goal.goal_no, told.resolved_at
from marts.early_warning as told
inner join goal
    on
        told.plan_code = goal.plan_code
        and told.plan_version = goal.plan_version
        and told.indicator_code = goal.indicator_code
        and told.region_code = goal.region_code
        and told.unit_code is not distinct from goal.unit_code
where told.rule_id in ('EW_OFF_TRACK', 'EW_STATUS_WORSENING', 'EW_FORECAST_MISS');

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

delete from marts.early_warning as old
using judged_again as again
inner join goal using (goal_no)
where
    old.rule_id = again.rule_id
    and old.plan_code = goal.plan_code
    and old.plan_version = goal.plan_version
    and old.indicator_code = goal.indicator_code
    and old.region_code = goal.region_code
    and old.unit_code is not distinct from goal.unit_code;

create temp table told as
select
    run.*,
    progress.* exclude (period, period_end, rule_version),
    limits.rule_version, limits.as_json,
    coalesce(goal.unit_code, goal.responsible_unit_code) as responsible_unit_code,
    coalesce(indicators.conf_status, 'F') as conf_status,
    coalesce(floor((run.n_periods - 1) / nullif(limits.escalate_every, 0)), 0)::integer
        as escalation_level,
    concat_ws(
        ', ', indicators.name_en, coalesce(units.name_en, regions.name_en)
    ) as subject_en,
    concat(
        coalesce(units.name_zh, units.name_en, regions.name_zh, regions.name_en),
        coalesce(indicators.name_zh, indicators.name_en)
    ) as subject_zh,
from run
inner join limits using (rule_id)
inner join goal using (goal_no)
inner join marts.indicator_progress as progress
    on goal.target_key = progress.target_key and run.period_end = progress.period_end
inner join core.dim_indicator as indicators
    on
        goal.indicator_code = indicators.indicator_code
        and goal.definition_version = indicators.definition_version
left join core.dim_region as regions on goal.region_code = regions.region_code
left join core.dim_unit as units on goal.unit_code = units.unit_code;

create temp table escalated as
select
    unit_code, escalation_level,
    max_by(ancestor_unit_code, depth) as escalated_to_unit_code,
from core.bridge_unit_ancestor
cross join (select unnest(range(100)) as escalation_level)
where depth <= escalation_level
group by all;

insert into marts.early_warning by name
select
    'EW-' || substr(md5(concat_ws(
        '|', rule_id, plan_code, plan_version, indicator_code, definition_version,
        region_code, coalesce(told.unit_code, ''), breakdown, source_kind
    )), 1, 12) as warning_id,
    rule_id, rule_version, plan_code, plan_version, indicator_code, region_code,
    told.unit_code, null as form_code, told.period,
    case
        when level = 1 then 'yellow'
        when level = 2 or not binding then 'orange'
        else 'red'
    end as severity,
    if(resolved_at is null, 'open', 'resolved') as state,
    conf_status, first_raised_at, last_seen_at, resolved_at,
    null as acknowledged_at, null as acknowledged_by, null as acknowledged_why,
    null as acknowledged_until,
    responsible_unit_code, told.escalation_level, escalated_to_unit_code,
    subject_en || ': ' || case rule_id
        when 'EW_STATUS_WORSENING'
            then format('fell from {} to {} in {}', compared_with, status_held, period)
        when 'EW_FORECAST_MISS'
            then format(
                '{} % likely to miss the target of {}; on its way to {}'
                ' (80 % between {} and {}, {} points to {})',
                number_text(100 * p_miss, 0), number_text(target_value, 2),
                number_text(forecast_value, 2), number_text(forecast_low80, 2),
                number_text(forecast_high80, 2), n_points, period
            )
        else format(
            '{} in {}, {} % behind the path of {}', number_text(value_to_date, 2),
            period, number_text(gap_pct, 1), number_text(path_value, 2)
        )
    end as headline_en,
    subject_zh || '：' || case rule_id
        when 'EW_STATUS_WORSENING'
            then format(
                '{}由{}转为{}', period, status_zh(compared_with), status_zh(status_held)
            )
        when 'EW_FORECAST_MISS'
            then format(
                '未达到目标{}的可能性为{}%；按趋势将为{}（80%区间{}至{}，截至{}共{}个数据）',
                number_text(target_value, 2), number_text(100 * p_miss, 0),
                number_text(forecast_value, 2), number_text(forecast_low80, 2),
                number_text(forecast_high80, 2), period, n_points
            )
        else format(
            '{}为{}，落后时序路径{}达{}%', period, number_text(value_to_date, 2),
            number_text(path_value, 2), number_text(gap_pct, 1)
        )
    end as headline_zh,
    json_object(
        'measure', measure, 'compared_with', compared_with, 'value', value,
        'value_to_date', value_to_date, 'path_value', path_value,
        'gap_pct', gap_pct, 'target_value', target_value,
        'progress_share', progress_share, 'elapsed_share', elapsed_share,
        'source_kind', source_kind, 'definition_version', definition_version,
        'breakdown', breakdown, 'binding', binding, 'status_raw', status_raw,
        'status_held', status_held, 'p_miss', p_miss,
        'forecast_value', forecast_value, 'forecast_low80', forecast_low80,
        'forecast_high80', forecast_high80, 'forecast_method', forecast_method,
        'n_points', n_points, 'first_period', first_period, 'last_period', period,
        'n_periods', n_periods,
        'periods', periods, 'observation_key', observation_key,
        'parameters', as_json::json,
        'limit_parameters', (
            select as_json::json from parameters where rule_id = 'PROGRESS_RAG'
        )
    )::varchar as evidence,
from told
left join escalated
    on
        told.responsible_unit_code = escalated.unit_code
        and told.escalation_level = escalated.escalation_level;
