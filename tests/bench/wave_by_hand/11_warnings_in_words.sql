-- Warnings on progress are kept as figures: what is said of them, and who must act,
-- is worded when they are read.

create or replace macro marts.number_text(x, digits) as case digits
    when 0 then x::decimal(38, 0)::varchar
    when 1 then x::decimal(38, 1)::varchar
    else x::decimal(38, 2)::varchar
end;

create or replace macro marts.status_zh(status) as case status
    when 'red' then '红' when 'yellow' then '黄' when 'green' then '绿'
    when 'achieved' then '已完成' else status
end;

create or replace view marts.early_warning as
with named as (
    select
        told.* exclude (conf_status),
        coalesce(told.conf_status, indicators.conf_status, 'F') as conf_status,
        concat_ws(
            ', ', indicators.name_en, coalesce(units.name_en, regions.name_en)
        ) as subject_en,
        concat(
            coalesce(units.name_zh, units.name_en, regions.name_zh, regions.name_en),
            coalesce(indicators.name_zh, indicators.name_en)
        ) as subject_zh,
    from marts.warned as told
    inner join core.dim_indicator as indicators
        on
            told.indicator_code = indicators.indicator_code
            and told.definition_version = indicators.definition_version
    left join core.dim_region as regions on told.region_code = regions.region_code
    left join core.dim_unit as units on told.unit_code = units.unit_code
),

worded as (
    select
        *,
        subject_en || ': ' || case rule_id
            when 'EW_STATUS_WORSENING'
                then format(
                    'fell from {} to {} in {}', compared_with, status_held, period
                )
            when 'EW_FORECAST_MISS'
                then format(
                    '{} % likely to miss the target of {}; on its way to {}'
                    ' (80 % between {} and {}, {} points to {})',
                    marts.number_text(100 * p_miss, 0),
                    marts.number_text(target_value, 2),
                    marts.number_text(forecast_value, 2),
                    marts.number_text(forecast_low80, 2),
                    marts.number_text(forecast_high80, 2), n_points, period
                )
            else format(
                '{} in {}, {} % behind the path of {}',
                marts.number_text(value_to_date, 2), period,
                marts.number_text(gap_pct, 1), marts.number_text(path_value, 2)
            )
        end as headline_en,
        subject_zh || '：' || case rule_id
            when 'EW_STATUS_WORSENING'
                then format(
                    '{}由{}转为{}', period, marts.status_zh(compared_with),
                    marts.status_zh(status_held)
                )
            when 'EW_FORECAST_MISS'
                then format(
                    '未达到目标{}的可能性为{}%；按趋势将为{}（80%区间{}至{}，截至{}共{}个数据）',
                    marts.number_text(target_value, 2),
                    marts.number_text(100 * p_miss, 0),
                    marts.number_text(forecast_value, 2),
                    marts.number_text(forecast_low80, 2),
                    marts.number_text(forecast_high80, 2), period, n_points
                )
            else format(
                '{}为{}，落后时序路径{}达{}%', period,
                marts.number_text(value_to_date, 2),
                marts.number_text(path_value, 2), marts.number_text(gap_pct, 1)
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
            'n_points', n_points, 'first_period', first_period,
            'last_period', period, 'n_periods', n_periods,
            'periods', periods, 'observation_key', observation_key,
            'parameters', parameters_json::json,
            'limit_parameters', limit_parameters_json::json
        )::varchar as evidence,
    from named
),

told as (
    select * from marts.warned_otherwise
    union all by name
    select columns(c -> c in (
        'warning_id', 'rule_id', 'rule_version', 'plan_code', 'plan_version',
        'indicator_code', 'region_code', 'unit_code', 'period', 'severity',
        'conf_status', 'first_raised_at', 'last_seen_at', 'resolved_at',
        'responsible_unit_code', 'escalation_level', 'headline_en', 'headline_zh',
        'evidence'
    ))
    from worded
)

select
    told.*,
    if(resolved_at is null, 'open', 'resolved') as state,
    null::timestamp as acknowledged_at, null as acknowledged_by,
    null as acknowledged_why, null::date as acknowledged_until,
    chains.upwards[least(escalation_level + 1, len(chains.upwards))]
        as escalated_to_unit_code,
from told
left join (
    select unit_code, list(ancestor_unit_code order by depth) as upwards
    from core.bridge_unit_ancestor group by unit_code
) as chains on told.responsible_unit_code = chains.unit_code;
