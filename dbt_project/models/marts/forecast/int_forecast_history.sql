{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='target_key',
    on_schema_change='fail',
) }}

with

terms as (
    select
        terms.*,
        touched.from_end
    from {{ ref('int_target_terms') }} as terms
    inner join {{ ref('int_progress_touched') }} as touched
        on terms.target_key = touched.target_key
    where terms.path_shape in ('linear', 'constant')
),

-- The bound of all of them first: it spares reading the history.
observations as (
    select *
    from {{ ref('fct_observation') }}
    where
        is_current
        and value is not null
        and period_end >= (
            select min(touched.from_end)
            from {{ ref('int_progress_touched') }} as touched
        )
),

-- Not only within the plan: a level has a past before it.
levels as (
    select
        terms.target_key,
        observations.source_kind,
        cast(
            {{ month_index('observations.period_end') }}
            / terms.step_months as integer
        ) as step_no,
        cast(observations.value as double) as x
    from terms
    inner join observations
        on
            terms.indicator_code = observations.indicator_code
            and terms.definition_version = observations.definition_version
            and terms.region_code = observations.region_code
            and terms.breakdown = observations.breakdown
            and terms.unit_code is not distinct from observations.unit_code
            and terms.step_months = {{ period_months('observations.period') }}
            and terms.from_end <= observations.period_end
    qualify
        row_number() over (
            partition by
                terms.target_key, observations.source_kind,
                observations.period
            order by
                observations.known_from desc nulls last,
                observations.source_code asc nulls last
        ) = 1
),

-- Sorted afterwards: an ordered aggregate keeps a buffer for each group.
fresh as (
    select
        target_key,
        source_kind,
        list_sort(list(struct_pack(step_no := step_no, x := x))) as points
    from levels
    group by target_key, source_kind
),

{% if is_incremental() -%}
    kept as (
        select
            told.target_key,
            told.source_kind,
            [
                p for p in told.points
                if p.step_no * terms.step_months
                < {{ month_index('terms.from_end') }}
            ] as points
        from {{ this }} as told
        inner join terms on told.target_key = terms.target_key
    ),

    final as (
        select
            coalesce(fresh.target_key, kept.target_key) as target_key,
            coalesce(fresh.source_kind, kept.source_kind) as source_kind,
            list_concat(
                coalesce(kept.points, []), coalesce(fresh.points, [])
            ) as points
        from fresh
        full outer join kept
            on
                fresh.target_key = kept.target_key
                and fresh.source_kind = kept.source_kind
    )
{%- else -%}
    final as (
        select
            target_key,
            source_kind,
            points
        from fresh
    )
{%- endif %}

select * from final
