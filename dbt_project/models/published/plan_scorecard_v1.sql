with

plan_scorecard as (
    select * from {{ ref('plan_scorecard') }}
),

final as (
    select
        plan_code,
        plan_version,
        region_code,
        counting,
        n_total,
        n_binding,
        n_over_fulfilled,
        n_met,
        n_missed,
        n_open,
        n_not_countable,
        n_red,
        n_red_binding,
        n_yellow,
        n_completed,
        completion_pct,
        over_fulfilled_pct,
        source_kinds
    from plan_scorecard
)

select * from final
