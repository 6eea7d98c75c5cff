with

label_concordance as (
    select * from {{ ref('label_concordance') }}
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
        target_key,
        binding,
        official_label,
        official_label_on,
        computed_label,
        source_kind,
        period,
        pace,
        status_raw,
        known_from,
        is_hindsight,
        is_concordant,
        not_compared_reason
    from label_concordance
)

select * from final
