with

target_alignment as (
    select * from {{ ref('target_alignment') }}
),

final as (
    select
        plan_code,
        plan_version,
        indicator_code,
        definition_version,
        region_code,
        unit_code,
        breakdown,
        child_kind,
        target_key,
        target_type,
        binding,
        target_value,
        alignment_method,
        children_value,
        gap,
        is_met_together,
        not_computed_reason,
        n_expected,
        n_children,
        n_missing,
        missing_children,
        n_waived,
        waived_children,
        n_weaker,
        weaker_children,
        n_conflicting,
        conflicting_children,
        n_other_definition,
        is_aligned
    from target_alignment
)

select * from final
