{{ config(alias='early_warning') }}

with

early_warning_v1 as (
    select * from {{ ref('early_warning_v1') }}
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
        state,
        first_raised_at,
        last_seen_at,
        resolved_at,
        escalation_level,
        headline_en,
        headline_zh,
        evidence
    from early_warning_v1
)

select * from final
