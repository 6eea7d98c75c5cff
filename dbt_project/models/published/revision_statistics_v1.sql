with

revision_statistics as (
    select * from {{ ref('revision_statistics') }}
),

final as (
    select
        source_code,
        indicator_code,
        region_level,
        n,
        mean_revision,
        mean_absolute_revision,
        relative_mar,
        latest_vintage,
        upward_share,
        maturity,
        latest_maturity
    from revision_statistics
)

select * from final
