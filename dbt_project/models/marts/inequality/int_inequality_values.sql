with

touched as (
    select * from {{ ref('int_inequality_touched') }}
    where is_per_capita is not null
),

regions as (
    select *
    from {{ ref('stg_regions') }}
    where is_current and level >= 1
),

-- Regions as they were at the end of the period; one row each.
members as (
    select
        touched.comparison_key,
        touched.period,
        regions.region_code,
        regions.level as region_level
    from touched
    inner join regions
        on
            coalesce(
                regions.valid_from <= {{ period_end('touched.period') }}, true
            )
            and coalesce(
                regions.valid_to >= {{ period_end('touched.period') }}, true
            )
    qualify
        row_number() over (
            partition by touched.comparison_key, regions.region_code
            order by regions.valid_from desc nulls last
        ) = 1
),

observations as (
    select
        indicator_code,
        definition_version,
        region_code,
        period,
        source_kind,
        source_code,
        known_from,
        cast(value as double) as value
    from {{ ref('fct_observation') }}
    where
        is_current and unit_code is null and breakdown = '_T'
        and value is not null
    union all
    select
        indicator_code,
        'comparable prices' as definition_version,
        region_code,
        period,
        source_kind,
        'computed' as source_code,
        cast(null as timestamp) as known_from,
        value
    from {{ ref('int_comparable_values') }}
),

-- Of several definitions the newest that a level reports, for all its
-- regions the same one; of two sources what became known last.
measured as (
    select
        touched.comparison_key,
        observations.indicator_code,
        members.region_code,
        members.region_level,
        observations.value
    from touched
    inner join observations
        on
            touched.period = observations.period
            and touched.source_kind = observations.source_kind
            and observations.indicator_code in (
                touched.indicator_code, touched.population_indicator_code
            )
    inner join members
        on
            touched.comparison_key = members.comparison_key
            and observations.region_code = members.region_code
    qualify
        observations.definition_version
        = first_value(observations.definition_version)
            over (
                partition by
                    touched.comparison_key, observations.indicator_code,
                    members.region_level
                order by
                    {{ newest_version('observations.definition_version') }}
            )
        and row_number() over (
            partition by
                touched.comparison_key, observations.indicator_code,
                members.region_code, observations.definition_version
            order by
                observations.known_from desc nulls last,
                observations.source_code asc nulls last
        ) = 1
),

levels as (
    select distinct
        measured.comparison_key,
        measured.region_level
    from measured
    inner join touched
        on
            measured.comparison_key = touched.comparison_key
            and measured.indicator_code = touched.indicator_code
),

final as (
    select
        touched.comparison_key,
        touched.indicator_code,
        touched.population_indicator_code,
        members.region_level,
        touched.period,
        touched.source_kind,
        members.region_code,
        case
            when touched.population_indicator_code = 'EQUAL' then 1
            else people.value
        end as population,
        case
            when touched.is_per_capita then totals.value
            else totals.value / nullif(people.value, 0)
        end as per_capita
    from touched
    inner join levels on touched.comparison_key = levels.comparison_key
    inner join members
        on
            touched.comparison_key = members.comparison_key
            and levels.region_level = members.region_level
    left join measured as totals
        on
            touched.comparison_key = totals.comparison_key
            and touched.indicator_code = totals.indicator_code
            and members.region_code = totals.region_code
    left join measured as people
        on
            touched.comparison_key = people.comparison_key
            and touched.population_indicator_code = people.indicator_code
            and members.region_code = people.region_code
)

select * from final
