with

revisions as (
    select * from {{ ref('int_revision_periods') }}
),

summed as (
    select
        source_code,
        indicator_code,
        region_level,
        maturity,
        cast(sum(n) as bigint) as n,
        cast(sum(revision) as double) as revision,
        cast(sum(absolute_revision) as double) as absolute_revision,
        cast(sum(absolute_value) as double) as absolute_value,
        cast(sum(n_upward) as double) as n_upward,
        max(latest_vintage) as latest_vintage
    from revisions
    group by source_code, indicator_code, region_level, maturity
),

final as (
    select
        source_code,
        indicator_code,
        region_level,
        maturity,
        n,
        round(revision / n, 10) as mean_revision,
        round(absolute_revision / n, 10) as mean_absolute_revision,
        round(absolute_revision / nullif(absolute_value, 0), 10)
            as relative_mar,
        round(n_upward / n, 10) as upward_share,
        latest_vintage
    from summed
)

select * from final
