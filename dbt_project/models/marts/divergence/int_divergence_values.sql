-- depends_on: {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='point_key',
    on_schema_change='fail',
    pre_hook=["{{ reset_watermark() }}", "{{ refuse_going_back() }}"],
    post_hook="{{ record_watermark(['fct_observation']) }}",
) }}

{% set point = [
    'indicator_code', 'definition_version', 'region_code', 'period',
    'breakdown',
] %}

with

-- The bound of all of them first: it spares reading the history.
current_rows as (
    select * from {{ ref('fct_observation') }}
    where
        is_current and value is not null
        {%- if is_incremental() %}
            and period_end >= (
                select min(unread.period_end)
                from {{ ref('fct_observation') }} as unread
                where {{ is_unread('int_divergence_values') }}
            )
        {%- endif %}
),

-- Points on which somebody but the reporter has spoken: few beside all.
checked_points as (
    select distinct {{ point | join(', ') }}
    from current_rows
    where source_kind <> 'self_reported'
),

{% if is_incremental() -%}
    moved_points as (
        select distinct {{ point | join(', ') }}
        from {{ ref('fct_observation') }}
        where {{ is_unread('int_divergence_values') }}
    ),

{% endif -%}
points as (
    select checked_points.*
    from checked_points
    {% if is_incremental() -%}
        inner join moved_points
            on {{ same(point, 'checked_points', 'moved_points') }}
    {%- endif %}
),

-- Of two sources of one kind the newer counts.
figures as (
    select
        current_rows.*,
        {{ hash_key([
            'current_rows.indicator_code', 'current_rows.definition_version',
            'current_rows.region_code', 'current_rows.period',
            'current_rows.breakdown',
        ]) }} as point_key
    from current_rows
    inner join points on {{ same(point, 'current_rows', 'points') }}
    qualify
        row_number() over (
            partition by
                current_rows.source_kind, current_rows.unit_code,
                {{ of_relation('current_rows', point) }}
            order by
                current_rows.known_from desc nulls last,
                current_rows.source_code asc nulls last
        ) = 1
),

final as (
    select
        point_key,
        source_kind,
        unit_code,
        {{ point | join(', ') }},
        value,
        unit_measure,
        source_code,
        known_from,
        observation_key
    from figures
)

select * from final
