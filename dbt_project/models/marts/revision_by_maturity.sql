with

triangle as (
    select * from {{ ref('revision_triangle') }}
    where vintage > 1
),

regions as (
    select * from {{ ref('dim_region') }}
),

final as (
    select
        triangle.source_code,
        triangle.indicator_code,
        regions.level as region_level,
        triangle.vintage as maturity,
        count(*) as n,
        round(avg(cast(triangle.revision as double)), 10) as mean_revision,
        round(avg(abs(cast(triangle.revision as double))), 10)
            as mean_absolute_revision,
        round(
            sum(abs(cast(triangle.revision as double)))
            / nullif(sum(abs(cast(triangle.value as double))), 0),
            10
        ) as relative_mar,
        round(avg(case when triangle.revision > 0 then 1.0 else 0.0 end), 10)
            as upward_share,
        max(triangle.known_from) as latest_vintage
    from triangle
    inner join regions on triangle.region_code = regions.region_code
    group by
        triangle.source_code, triangle.indicator_code, regions.level,
        triangle.vintage
)

select * from final
