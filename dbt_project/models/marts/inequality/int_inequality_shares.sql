with

region_values as (
    select * from {{ ref('int_inequality_values') }}
),

rules as (
    select * from {{ ref('int_inequality_rules') }}
),

counted as (
    select
        comparison_key,
        region_level,
        count(*) as n_expected,
        count(per_capita + population) as n_regions,
        sum(
            case when per_capita is not null then population end
        ) as total_population,
        sum(per_capita * population) as total_value,
        min(per_capita) as lowest,
        min(
            case when per_capita is not null then population end
        ) as fewest
    from region_values
    group by comparison_key, region_level
),

-- How many regions a comparison should have and has, and what forbids it.
guards as (
    select
        counted.*,
        rules.rule_version,
        case
            when rules.min_coverage_pct is null then 'no rule'
            when
                counted.n_regions < 2
                or 100 * counted.n_regions
                < rules.min_coverage_pct * counted.n_expected
                then 'too few regions'
            when counted.lowest < 0 then 'negative value'
            when counted.fewest <= 0 then 'no population'
            when counted.total_value <= 0 then 'nothing to share'
        end as not_computed_reason
    from counted
    cross join rules
),

memberships as (
    select
        region_groups.group_kind,
        region_groups.region_code,
        region_values.comparison_key,
        region_values.region_level,
        min(region_groups.group_code) as group_code,
        count(distinct region_groups.group_code) as n_groups
    from region_values
    inner join {{ ref('stg_region_groups') }} as region_groups
        on
            region_values.region_code = region_groups.region_code
            and coalesce(
                region_groups.valid_from
                <= {{ period_end('region_values.period') }}, true
            )
            and coalesce(
                region_groups.valid_to
                >= {{ period_end('region_values.period') }}, true
            )
    where region_groups.is_current
    group by
        region_groups.group_kind, region_groups.region_code,
        region_values.comparison_key, region_values.region_level
),

-- Without any grouping the whole level is one group.
groupings as (
    select distinct
        comparison_key,
        region_level,
        group_kind
    from memberships
    union all
    select
        guards.comparison_key,
        guards.region_level,
        '_T' as group_kind
    from guards
    left join memberships
        on
            guards.comparison_key = memberships.comparison_key
            and guards.region_level = memberships.region_level
    where memberships.comparison_key is null
),

placed as (
    select
        region_values.*,
        groupings.group_kind,
        case
            when groupings.group_kind = '_T' then '_T'
            else memberships.group_code
        end as group_code,
        memberships.n_groups,
        guards.n_expected,
        guards.n_regions,
        guards.rule_version,
        guards.not_computed_reason,
        case
            when guards.not_computed_reason is null
                then region_values.population / guards.total_population
        end as population_share,
        case
            when guards.not_computed_reason is null
                then
                    region_values.per_capita * region_values.population
                    / guards.total_value
        end as value_share
    from region_values
    inner join guards
        on
            region_values.comparison_key = guards.comparison_key
            and region_values.region_level = guards.region_level
    inner join groupings
        on
            region_values.comparison_key = groupings.comparison_key
            and region_values.region_level = groupings.region_level
    left join memberships
        on
            region_values.comparison_key = memberships.comparison_key
            and region_values.region_level = memberships.region_level
            and region_values.region_code = memberships.region_code
            and groupings.group_kind = memberships.group_kind
    where region_values.per_capita + region_values.population is not null
),

-- Between and within are exact only where every region is in one group.
final as (
    select
        *,
        case
            when
                count(*) filter (where group_code is null) over (
                    partition by comparison_key, region_level, group_kind
                ) > 0
                then 'region without a group'
            when
                max(n_groups) over (
                    partition by comparison_key, region_level, group_kind
                ) > 1
                then 'region in two groups'
        end as not_split_reason
    from placed
)

select * from final
