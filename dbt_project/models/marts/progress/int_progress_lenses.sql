{#- What the mart tells of the target besides: joined once. -#}
{% set target_columns = [
    'plan_code', 'plan_version', 'indicator_code', 'definition_version',
    'region_code', 'unit_code', 'breakdown', 'binding', 'strictness',
    'official_label', 'rule_version',
] %}

with

status as (
    select * from {{ ref('int_progress_status') }}
),

held as (
    select * from {{ ref('int_progress_held') }}
),

terms as (
    select
        *,
        {{ month_index('target_end') }} as end_month
    from {{ ref('int_target_terms') }}
),

peers as (
    select * from {{ ref('int_target_peers') }}
),

rules as (
    select * from {{ ref('int_progress_rules') }}
),

joined as (
    select
        status.*,
        {% for column in target_columns -%}
            terms.{{ column }},
        {% endfor -%}
        held.status_held,
        held.improving_run,
        held.on_schedule_run,
        peers.peer_sd,
        rules.significant_from,
        rules.moderate_from,
        rules.insufficient_from,
        rules.min_change_pct,
        (terms.first_month + status.months_elapsed - 1 - terms.base_month) / 12
            as years_from_base,
        (terms.end_month - terms.base_month) / 12 as years_of_target,
        (terms.end_month - terms.first_month + 1 - status.months_elapsed)
        / status.step_months as steps_left
    from status
    inner join held
        on
            status.target_key = held.target_key
            and status.source_kind = held.source_kind
            and status.period = held.period
    inner join terms on status.target_key = terms.target_key
    left join peers on status.target_key = peers.target_key
    cross join rules
),

-- Actual and required compound annual growth (Eurostat). A way of less than
-- min_change_pct makes the required rate so small that the ratio explodes.
rates as (
    select
        *,
        case
            when path_shape = 'growth' then value_to_date
            when path_shape = 'reduction' and factor >= 0
                then 100 * (power(factor, 1 / years_from_base) - 1)
            when
                path_shape = 'linear'
                and baseline_value > 0 and value >= 0 and target_value > 0
                and years_from_base >= 1 and years_of_target >= 1
                and abs(target_value - baseline_value) / baseline_value * 100
                >= min_change_pct
                then
                    100 * (
                        power(value / baseline_value, 1 / years_from_base) - 1
                    )
        end as actual_rate,
        case
            when path_shape = 'growth' then target_value
            when path_shape = 'reduction' and target_value <= 100
                then
                    100 * (
                        power(1 - target_value / 100, 12 / plan_months) - 1
                    )
            when
                path_shape = 'linear' and baseline_value > 0
                and target_value > 0
                then
                    100 * (
                        power(
                            target_value / baseline_value, 1 / years_of_target
                        ) - 1
                    )
        end as wanted_rate
    from joined
),

ratios as (
    select
        *,
        round(actual_rate / nullif(wanted_rate, 0), 10) as eurostat_ratio
    from rates
),

final as (
    select
        *,
        case
            when eurostat_ratio is null or significant_from is null then null
            when is_met then 'target_achieved'
            when eurostat_ratio >= significant_from then 'significant'
            when eurostat_ratio >= moderate_from then 'moderate'
            when eurostat_ratio >= insufficient_from then 'insufficient'
            else 'away'
        end as eurostat_class,
        case
            when path_shape in ('linear', 'reduction', 'sum')
                then round(10 * raw_progress_share, 10)
        end as csi,
        case
            when value is null then null
            when path_shape in ('linear', 'constant')
                then
                    round(
                        greatest(sense * (target_value - value), 0)
                        / nullif(peer_sd, 0),
                        10
                    )
        end as distance_to_target,
        case
            when steps_left <= 0 then null
            when path_shape = 'linear'
                then round((target_value - value) / steps_left, 10)
            when path_shape = 'sum'
                then round((target_value - value_to_date) / steps_left, 10)
            when
                path_shape = 'reduction' and factor > 0
                and target_value <= 100
                then
                    round(
                        100 * (
                            1 - power(
                                (1 - target_value / 100) / factor,
                                1 / steps_left
                            )
                        ),
                        10
                    )
            when path_shape = 'growth' and factor > 0
                then
                    round(
                        100 * (
                            power(
                                power(
                                    1 + target_value / 100,
                                    plan_months / step_months
                                ) / factor,
                                1 / steps_left
                            ) - 1
                        ),
                        10
                    )
        end as required_rate
    from ratios
)

select * from final
