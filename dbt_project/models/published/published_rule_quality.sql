{{ config(alias='rule_quality') }}

with

rule_quality_v1 as (
    select * from {{ ref('rule_quality_v1') }}
),

final as (
    select
        rule_id,
        rule_version,
        hits,
        errors,
        warnings,
        waived,
        waived_share,
        units_concerned,
        reports_concerned,
        reports_tried_again,
        reports_mended,
        second_try_share,
        median_hours_to_fix,
        first_hit_at,
        last_hit_at,
        is_hard_to_mend,
        is_often_waived,
        is_confusing,
        criterion_version
    from rule_quality_v1
)

select * from final
