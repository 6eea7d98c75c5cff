-- depends_on: {{ ref('fct_observation') }} {{ ref('dim_region_vintage') }}
-- depends_on: {{ ref('dim_indicator') }}
{{ config(
    post_hook="{{ table_macro(
        'observation_on_boundaries', 'day, moment := null',
        observation_on_boundaries()
    ) }}",
) }}

with

successions as (
    select * from {{ ref('stg_region_successions') }}
    where is_current
),

-- What is renamed or merged goes over whole; of a split or a transfer the
-- registry has to say how much.
final as (
    select
        old_region_code,
        new_region_code,
        effective_on,
        kind,
        coalesce(
            weight, case when kind in ('rename', 'merge') then 1 end
        ) as weight,
        source,
        known_from
    from successions
)

select * from final
