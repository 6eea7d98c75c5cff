{#- A table, and only of what is computed again: views stand between waves and
    would not know whether the mart is made anew. Not of the months of single
    units: of those no more is kept than a forecast needs. -#}
{{ config(materialized='table') }}
{%- set told = adapter.get_relation(
    target.database, 'marts', 'indicator_trend'
) if execute else none %}

with

histories as (
    select
        target_key,
        source_kind,
        [{ 'step_no': p.step_no, 'x': p.y } for p in points] as points
    from {{ ref('int_forecast_history') }}
    where scale = 'plain'
),

terms as (
    select * from {{ ref('int_target_terms') }}
),

touched as (
    select distinct target_key from {{ ref('int_warnings_touched_targets') }}
),

final as (
    select
        histories.target_key,
        histories.source_kind,
        terms.path_shape,
        terms.sense,
        terms.baseline_value,
        terms.target_value,
        terms.step_months,
        cast(12 / terms.step_months as integer) as seasons,
        {{ in_steps(month_index('terms.target_end'), 'terms') }}
            as target_step,
        histories.points,
        len(histories.points) as n_points
    from histories
    inner join terms on histories.target_key = terms.target_key
    where
        (terms.unit_code is null or terms.step_months = 12)
        and len(histories.points) > 0
        and (
            {{ told is none or flags.FULL_REFRESH }}
            or histories.target_key in (select touched.target_key from touched)
        )
)

select * from final
