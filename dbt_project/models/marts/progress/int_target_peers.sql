{# Spread of the peers in the year of the baseline: the unit of the distance
   to target, fixed for the whole plan. #}
with

terms as (
    select * from {{ ref('int_target_terms') }}
    where
        target_key in (
            select touched.target_key
            from {{ ref('int_progress_touched') }} as touched
        )
        and unit_code is null
        and path_shape in ('linear', 'constant')
),

levels as (
    select distinct
        region_code,
        level
    from {{ ref('stg_regions') }}
    where is_current
),

observations as (
    select *
    from {{ ref('fct_observation') }}
    where is_current and unit_code is null
),

-- Peers of a province are the provinces, of a country its provinces.
peer_values as (
    select
        terms.target_key,
        observations.region_code,
        cast(observations.value as double) as value
    from terms
    inner join levels as own on terms.region_code = own.region_code
    inner join observations
        on
            terms.indicator_code = observations.indicator_code
            and terms.definition_version = observations.definition_version
            and terms.breakdown = observations.breakdown
            and terms.base_period = observations.period
    inner join levels as peers
        on
            observations.region_code = peers.region_code
            and peers.level = greatest(own.level, 1)
    where {{ kind_place('observations.source_kind') }} is not null
    qualify
        row_number() over (
            partition by terms.target_key, observations.region_code
            order by
                {{ kind_place('observations.source_kind') }} asc nulls last,
                observations.known_from desc nulls last,
                observations.source_code asc nulls last
        ) = 1
),

final as (
    select
        target_key,
        round(stddev_samp(value), 10) as peer_sd
    from peer_values
    group by target_key
)

select * from final
