{{ config(materialized='table', database='scratch') }}

with

observed as (
    select * from {{ ref('int_progress_values') }}
),

terms as (
    select * from {{ ref('int_target_terms') }}
),

paths as (
    select *
    from {{ ref('stg_target_paths') }}
    where is_current
),

declared_paths as (
    select
        terms.target_key,
        paths.period,
        cast(paths.path_value as double) as declared_path_value
    from terms
    inner join paths
        on
            terms.plan_code = paths.plan_code
            and terms.plan_version = paths.plan_version
            and terms.indicator_code = paths.indicator_code
            and terms.region_code = paths.region_code
            and terms.unit_code is not distinct from paths.unit_code
    where terms.breakdown = '_T'
),

elapsed as (
    select
        observed.*,
        terms.target_type,
        terms.path_shape,
        terms.sense,
        terms.is_strict,
        terms.baseline_value,
        terms.target_value,
        terms.target_end,
        terms.yellow_limit_pct,
        declared_paths.declared_path_value,
        terms.plan_months,
        terms.step_months,
        {{ month_index('observed.period_end') }} + 1 - terms.first_month
            as months_elapsed
    from observed
    inner join terms on observed.target_key = terms.target_key
    left join declared_paths
        on
            observed.target_key = declared_paths.target_key
            and observed.period = declared_paths.period
),

final as (
    select
        *,
        months_elapsed / plan_months as elapsed_share,
        -- The place in the chain; a period of another length has none.
        case
            when {{ period_months('period') }} = step_months
                then cast(months_elapsed / step_months as integer)
        end as period_no
    from elapsed
)

select * from final
