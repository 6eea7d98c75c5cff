-- depends_on: {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='replace_since',
    unique_key='observation_key',
    on_schema_change='fail',
    pre_hook=["{{ reset_watermark() }}", "{{ refuse_going_back() }}"],
    post_hook=[
        "{{ record_watermark() }}",
        "{{ table_macro('observation_as_of', 'moment', observation_as_of()) }}",
    ],
) }}

{% set carried %}
    observation_key, source_kind, source_code, unit_code, region_code,
    indicator_code, definition_version, period, breakdown, known_from,
    value, unit_measure, obs_status, conf_status, published_at, batch_id,
    submission_id, row_number, form_code, row_key, file_sha256, comment,
    load_seq
{% endset %}

with

new_rows as (
    select *
    from {{ ref('stg_observations') }}
    {% if is_incremental() -%}
        where {{ is_unread_figure('fct_observation') }}
    {%- endif %}
),

{% if is_incremental() -%}
    -- Earlier vintages of the keys that the new rows touch, and no others.
    earlier as (
        select
            {{ carried }}
        from {{ this }}
        where
            observation_key in (select new_rows.observation_key from new_rows)
            and period_end
            >= {{ earliest(period_end('bound.period'), 'new_rows') }}
    ),

    -- Only these have vintages to be put in order: of a wave a few.
    told_again as (
        select observation_key from earlier
        union all
        select observation_key from new_rows
        group by observation_key
        having count(*) > 1
    ),

    told_once as (
        select
            {{ carried }},
            cast(null as timestamp) as known_to
        from new_rows
        where
            observation_key
            not in (select told_again.observation_key from told_again)
    ),
{%- endif %}

candidates as (
    select
        {{ carried }}
    from new_rows
    {% if is_incremental() -%}
        -- Kept from becoming a semi-join: for that the engine gathers all new
        -- rows, since it takes them for fewer than those told again.
        where
            coalesce(
                observation_key
                in (select told_again.observation_key from told_again),
                false
            )
        union all
        select * from earlier
    {%- endif %}
),

dated as (
    select
        *,
        lead(known_from) over (
            partition by observation_key
            order by
                known_from asc nulls last,
                load_seq asc nulls first,
                batch_id asc nulls first,
                row_number asc nulls first
        ) as known_to
    from candidates
    {% if is_incremental() -%}
        union all
        select * from told_once
    {%- endif %}
),

-- Two rows known at one instant are one vintage: the later load counts.
vintages as (
    select * from dated
    where known_to is null or known_to > known_from
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
        known_from,
        observation_key,
        value,
        unit_measure,
        obs_status,
        conf_status,
        published_at,
        known_to,
        known_to is null as is_current,
        {{ period_start('period') }} as period_start,
        {{ period_end('period') }} as period_end,
        batch_id,
        submission_id,
        row_number,
        form_code,
        row_key,
        file_sha256,
        comment,
        load_seq
    from vintages
)

select * from final
