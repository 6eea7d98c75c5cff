with

duties as (
    select * from {{ ref('int_duty_ledger') }}
),

rule as (
    select *
    from {{ ref('int_rules') }}
    where rule_id = 'EW_LATE_UNIT' and window_periods >= 1
),

-- Every due period with the window that ends at it.
windows as (
    select
        duties.form_code,
        duties.unit_code,
        duties.place,
        count(*) as n_periods,
        count(*) filter (where earlier.is_late) as n_late,
        count(*) filter (where earlier.is_reported) as n_reported
    from duties
    cross join rule
    inner join duties as earlier
        on
            duties.form_code = earlier.form_code
            and duties.unit_code = earlier.unit_code
            and duties.place >= earlier.place
            and duties.place - earlier.place < rule.window_periods
    group by duties.form_code, duties.unit_code, duties.place
),

final as (
    select
        duties.*,
        windows.n_late,
        windows.n_reported,
        rule.rule_id,
        rule.rule_version,
        rule.window_periods,
        rule.escalate_every,
        rule.parameters_json,
        windows.n_periods = rule.window_periods
        and windows.n_reported > 0
        and 100.0 * windows.n_late / rule.window_periods
        >= rule.late_share_pct as is_bad
    from duties
    cross join rule
    inner join windows
        on
            duties.form_code = windows.form_code
            and duties.unit_code = windows.unit_code
            and duties.place = windows.place
)

select * from final
