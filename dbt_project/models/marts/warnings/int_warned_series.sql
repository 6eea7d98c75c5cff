{#- A table: int_warnings keeps it, and moves the old one away by it. -#}
{{ config(materialized='table', database='scratch') }}

with

progress as (
    select * from {{ ref('int_warned_progress') }}
),

-- Where each series stood at the end of each half-year that was judged now.
half_years as (
    select
        target_key,
        source_kind,
        max(period_end) as last_end,
        max_by(status_held, struct_pack(period_end, period)) as status_held
    from progress
    where not comes_next
    group by target_key, source_kind, {{ half_year('period_end') }}
),

final as (
    select
        target_key,
        source_kind,
        last_end,
        coalesce(
            lead(last_end) over (
                partition by target_key, source_kind
                order by last_end asc nulls last
            ),
            {{ no_end() }}
        ) as until_end,
        status_held
    from half_years
    union all
    select
        target_key,
        source_kind,
        period_end as last_end,
        {{ no_end() }} as until_end,
        status_held
    from progress
    where comes_next
)

select * from final
