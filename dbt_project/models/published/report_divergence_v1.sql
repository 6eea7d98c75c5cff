with

report_divergence as (
    select * from {{ ref('report_divergence') }}
),

final as (
    select
        indicator_code,
        region_code,
        unit_code,
        period,
        definition_version,
        breakdown,
        self_reported,
        self_reported_source,
        self_reported_known_from,
        official,
        official_source,
        official_known_from,
        verified,
        verified_source,
        verified_known_from,
        divergence,
        tolerance,
        flags,
        q_value,
        chosen_value,
        chosen_source_kind,
        rule_version,
        self_reported_key,
        official_key,
        verified_key
    from report_divergence
)

select * from final
