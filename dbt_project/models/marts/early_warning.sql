with

off_track as (
    select * from {{ ref('int_told_off_track') }}
),

silent_unit as (
    select * from {{ ref('int_told_silent_unit') }}
),

late_unit as (
    select * from {{ ref('int_told_late_unit') }}
),

raised as (
    select * from off_track
    union all
    select * from silent_unit
    union all
    select * from late_unit
),

final as (
    select
        warning_id,
        rule_id,
        rule_version,
        plan_code,
        plan_version,
        indicator_code,
        region_code,
        unit_code,
        form_code,
        period,
        severity,
        case when resolved_at is null then 'open' else 'resolved' end as state,
        first_raised_at,
        last_seen_at,
        resolved_at,
        escalation_level,
        headline_en,
        headline_zh,
        evidence
    from raised
)

select * from final
