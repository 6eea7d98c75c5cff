-- depends_on: {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_moved_points() }}",
    ],
    post_hook="{{ record_watermark(['fct_observation']) }}",
) }}

{% set point = compared_point() %}

with

-- Points on which somebody but the reporter has spoken: few beside all. The end
-- of their period tells in which part of the history they lie.
checked_points as (
    select distinct
        {{ point | join(', ') }},
        period_end
    from {{ ref('fct_observation') }}
    where
        is_current and value is not null and source_kind <> 'self_reported'
        {% if is_incremental() -%}
            and period_end >= {{ earliest(
                'bound.period_end', ref('fct_observation'),
                is_unread_figure('int_divergence_values')
            ) }}
        {%- endif %}
),

points as (
    select *
    from checked_points
    {% if is_incremental() -%}
        where exists (
            select 1
            from {{ ref('fct_observation') }} as moved
            where
                {{ is_unread_figure('int_divergence_values') }}
                and {{ same(
                    point + ['period_end'], 'checked_points', 'moved'
                ) }}
        )
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
    from {{ ref('fct_observation') }} as current_rows
    inner join points
        on {{ same(point + ['period_end'], 'current_rows', 'points') }}
    where current_rows.is_current and current_rows.value is not null
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
