-- depends_on: {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_unread_points() }}",
    ],
    post_hook="{{ record_watermark(['fct_observation']) }}",
) }}

with

unread as (
    select distinct
        observation_key,
        period_end
    from {{ ref('fct_observation') }}
    {% if is_incremental() -%}
        where {{ is_unread_figure('revision_triangle') }}
    {%- endif %}
),

-- Points with a superseded vintage: few beside all that a wave brings. Their
-- periods tell in which part of the history they lie.
touched as (
    select distinct
        superseded.observation_key,
        superseded.period_end
    from {{ ref('fct_observation') }} as superseded
    inner join unread
        on
            superseded.observation_key = unread.observation_key
            and superseded.period_end = unread.period_end
    where superseded.known_to is not null
),

vintages as (
    select observations.*
    from {{ ref('fct_observation') }} as observations
    inner join touched
        on
            observations.observation_key = touched.observation_key
            and observations.period_end = touched.period_end
    where observations.value is not null
),

numbered as (
    select
        *,
        row_number() over vintages_of_point as vintage,
        count(*) over (partition by observation_key) as n_vintages,
        first_value(value) over vintages_of_point as first_value,
        lag(value) over vintages_of_point as previous_value,
        last_value(value) over (
            partition by observation_key
            order by known_from asc nulls last
            rows between unbounded preceding and unbounded following
        ) as latest_value
    from vintages
    window vintages_of_point as (
        partition by observation_key order by known_from asc nulls last
    )
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
        cast(vintage as integer) as vintage,
        known_from,
        observation_key,
        value,
        first_value,
        latest_value,
        value - first_value as revision,
        value - previous_value as revision_on_previous,
        cast(latest_value - value as decimal(38, 10)) as revision_to_come,
        round(
            100.0 * cast(value - first_value as double)
            / nullif(abs(cast(first_value as double)), 0),
            10
        ) as revision_pct,
        published_at,
        known_to is null as is_latest,
        batch_id,
        row_number
    from numbered
    where n_vintages > 1
)

select * from final
