with

rule_quality as (
    select * from {{ ref('rule_quality') }}
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
    from rule_quality
)

select * from final
