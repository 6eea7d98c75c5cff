{% set window %}
    over (
        partition by duties.form_code, duties.unit_code
        order by duties.place asc nulls last
        rows between cast(rule.window_periods as integer) - 1 preceding
        and current row
    )
{% endset %}

with

rule as (
    select *
    from {{ ref('int_rules') }}
    where rule_id = 'EW_LATE_UNIT' and window_periods >= 1
),

-- Every due period with the window that ends at it.
counted as (
    select
        duties.*,
        rule.window_periods,
        rule.late_share_pct,
        count(*) filter (where duties.is_late) {{ window }} as n_late,
        count(*) filter (where duties.is_reported) {{ window }} as n_reported
    from {{ ref('int_duty_ledger') }} as duties
    cross join rule
),

final as (
    select
        form_code,
        unit_code,
        period,
        due_at,
        first_received_at,
        place,
        n_late,
        n_reported,
        place >= window_periods
        and n_reported > 0
        and 100.0 * n_late / window_periods >= late_share_pct as is_bad
    from counted
)

select * from final
