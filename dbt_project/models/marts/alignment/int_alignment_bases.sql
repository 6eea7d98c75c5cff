-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='base_key',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_when_changed(registries_of_bases()) }}",
    ],
    post_hook="{{ record_watermark(
        ['fct_observation', 'dim_plan', 'dim_indicator'], 'int_progress_clock'
    ) }}",
) }}

with

weighing as (
    select indicator_code from {{ ref('int_alignment_weights') }}
),

starts as (
    select distinct period_start as plan_start
    from {{ ref('dim_plan') }}
),

-- A region is weighed by official figures, a unit by what it reports.
points as (
    select distinct
        region_code,
        unit_code,
        indicator_code,
        period
    from {{ ref('fct_observation') }}
    where
        is_current
        and breakdown = '_T'
        and (source_kind = 'official') = (unit_code is null)
        and indicator_code in (select weighing.indicator_code from weighing)
        and {{ is_unread_base() }}
),

keyed as (
    select
        points.*,
        starts.plan_start,
        {{ hash_key([
            'points.region_code', 'points.unit_code', 'points.indicator_code',
            'cast(starts.plan_start as varchar)',
        ]) }} as base_key
    from points
    cross join starts
),

-- Once a plan has figures from before it, later months change nothing.
touched as (
    select distinct
        keyed.base_key,
        keyed.region_code,
        keyed.unit_code,
        keyed.indicator_code,
        keyed.plan_start
    from keyed
    {% if is_incremental() -%}
        left join {{ this }} as told on keyed.base_key = told.base_key
        where
            told.value is null
            or {{ base_place('keyed.period', 'keyed.plan_start') }}
            <= {{ base_place('told.figure_period', 'told.plan_start') }}
    {%- endif %}
),

figures as (
    select
        touched.*,
        observations.period as figure_period,
        cast(observations.value as double) as value,
        observations.known_from as figure_known_from,
        observations.observation_key,
        max(observations.known_from) over series as known_from,
        max(observations.load_seq) over series as load_seq
    from {{ ref('fct_observation') }} as observations
    inner join touched
        on
            observations.indicator_code = touched.indicator_code
            and observations.region_code = touched.region_code
            and observations.unit_code is not distinct from touched.unit_code
    where
        observations.is_current
        and observations.breakdown = '_T'
        and (observations.source_kind = 'official')
        = (observations.unit_code is null)
    window series as (partition by touched.base_key)
),

-- A series without any value keeps a row, so that its readers hear of it.
chosen as (
    select *
    from figures
    qualify
        row_number() over (
            partition by base_key
            order by
                case when value is null then 1 else 0 end asc nulls last,
                {{ base_place('figure_period', 'plan_start') }} asc nulls last,
                figure_known_from desc nulls last,
                observation_key asc nulls last
        ) = 1
),

final as (
    select
        base_key,
        region_code,
        unit_code,
        indicator_code,
        plan_start,
        figure_period,
        value,
        known_from,
        load_seq
    from chosen
)

select * from final
