-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
-- depends_on: {{ ref('int_inequality_touched') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_comparisons_since() }}",
    ],
    post_hook="{{ record_watermark(
        ['regional_inequality_contribution'], 'int_progress_clock'
    ) }}",
) }}

with

contributions as (
    {{ contributions_since() }}
),

-- The period before is the last one of the same length that was computed.
followed as (
    select
        *,
        lag(period) over series as previous_period,
        lag(theil_t_contribution) over series as previous_contribution,
        lag(population_share) over series as previous_population_share,
        lag(value_share) over series as previous_value_share
    from contributions
    window
        series as (
            partition by
                indicator_code, population_indicator_code, region_level,
                group_kind, source_kind, group_code, region_code,
                months
            order by period asc nulls last
        )
),

changed as (
    select
        *,
        theil_t_contribution - previous_contribution as moved,
        sum(
            case
                when region_code is not null
                    then theil_t_contribution - previous_contribution
            end
        ) over (
            partition by
                comparison_key, region_level, group_kind, previous_period
        ) as total_change
    from followed
    where previous_period is not null and period >= from_period
),

final as (
    select
        indicator_code,
        population_indicator_code,
        region_level,
        group_kind,
        period,
        source_kind,
        group_code,
        region_code,
        previous_period,
        round(moved, 10) as theil_t_change,
        round(total_change, 10) as total_theil_t_change,
        round(moved / nullif(total_change, 0), 10) as share_of_change,
        round(value_share - previous_value_share, 10) as value_share_change,
        round(population_share - previous_population_share, 10)
            as population_share_change
    from changed
)

select * from final
