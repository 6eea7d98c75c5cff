with

revision_by_maturity as (
    select * from {{ ref('revision_by_maturity') }}
),

final as (
    select
        source_code,
        indicator_code,
        region_level,
        maturity,
        n,
        mean_revision,
        mean_absolute_revision,
        relative_mar,
        upward_share,
        latest_vintage
    from revision_by_maturity
)

select * from final
