with

rule as (
    select *
    from {{ ref('int_rules') }}
    where rule_id = 'EW_LATE_UNIT' and window_periods >= 1
),

-- Most units are never late: none of their windows is bad.
ever_late as (
    select distinct
        form_code,
        unit_code
    from {{ ref('int_duty_ledger') }}
    where is_late or (select rule.late_share_pct <= 0 from rule)
),

running as (
    select
        duties.*,
        cast(rule.window_periods as integer) as window_periods,
        rule.late_share_pct,
        count(*) filter (where duties.is_late) over (
            partition by duties.form_code, duties.unit_code
            order by duties.place asc nulls last
            rows between unbounded preceding and current row
        ) as all_late,
        count(*) filter (where duties.is_reported) over (
            partition by duties.form_code, duties.unit_code
            order by duties.place asc nulls last
            rows between unbounded preceding and current row
        ) as all_reported
    from {{ ref('int_duty_ledger') }} as duties
    inner join ever_late
        on
            duties.form_code = ever_late.form_code
            and duties.unit_code = ever_late.unit_code
    cross join rule
),

-- Every due period with the window that ends at it.
counted as (
    select
        *,
        all_late
        - lag(all_late, window_periods, 0) over (
            partition by form_code, unit_code order by place asc nulls last
        ) as n_late,
        all_reported
        - lag(all_reported, window_periods, 0) over (
            partition by form_code, unit_code order by place asc nulls last
        ) as n_reported
    from running
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
