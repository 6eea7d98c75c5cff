with

early_warning as (
    select * from {{ ref('early_warning') }}
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
        conf_status,
        first_raised_at,
        last_seen_at,
        resolved_at,
        acknowledged_at,
        acknowledged_by,
        acknowledged_why,
        acknowledged_until,
        responsible_unit_code,
        escalation_level,
        escalated_to_unit_code,
        headline_en,
        headline_zh,
        evidence
    from early_warning
)

select * from final
