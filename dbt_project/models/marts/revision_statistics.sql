with

by_maturity as (
    select * from {{ ref('revision_by_maturity') }}
),

-- The second publication is the one maturity that every revised point has
-- reached; later ones stand apart in revision_by_maturity.
final as (
    select
        source_code,
        indicator_code,
        region_level,
        n,
        mean_revision,
        mean_absolute_revision,
        relative_mar,
        max(latest_vintage) over (
            partition by source_code, indicator_code, region_level
        ) as latest_vintage,
        upward_share,
        maturity,
        max(maturity) over (
            partition by source_code, indicator_code, region_level
        ) as latest_maturity
    from by_maturity
    qualify maturity = 2
)

select * from final
