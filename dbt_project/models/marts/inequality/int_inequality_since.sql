with

touched as (
    select
        *,
        {{ period_months('period') }} as months
    from {{ ref('int_inequality_touched') }}
),

final as (
    select
        indicator_code,
        population_indicator_code,
        source_kind,
        months,
        min(period) as from_period
    from touched
    group by
        indicator_code, population_indicator_code, source_kind, months
)

select * from final
