with

revision_triangle as (
    select * from {{ ref('revision_triangle') }}
),

final as (
    select
        source_kind,
        source_code,
        unit_code,
        region_code,
        indicator_code,
        definition_version,
        period,
        breakdown,
        vintage,
        known_from,
        observation_key,
        value,
        first_value,
        latest_value,
        revision,
        revision_on_previous,
        revision_to_come,
        revision_pct,
        published_at,
        is_latest,
        batch_id,
        row_number
    from revision_triangle
)

select * from final
