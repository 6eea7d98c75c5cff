-- depends_on: {{ ref('stg_clock') }}
{{ config(
    tags='registries',
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='target_key',
    on_schema_change='fail',
    pre_hook=["{{ reset_watermark() }}", "{{ refuse_going_back() }}"],
    post_hook=[
        "{{ record_watermark() }}",
        "{{ table_macro('target_as_of', 'moment', target_as_of()) }}",
    ],
) }}

with

targets as (
    select
        *,
        {{ target_key() }} as target_key
    from {{ ref('stg_targets') }}
    {% if is_incremental() and not has_unread('registry_targets') -%}
        where false
    {%- endif %}
),

{% if is_incremental() -%}
    changed as (
        select distinct target_key
        from targets
        where {{ is_unread('fct_target') }}
    ),
{%- else -%}
    changed as (
        select distinct target_key
        from targets
    ),
{%- endif %}

final as (
    select
        plan_code,
        plan_version,
        indicator_code,
        definition_version,
        region_code,
        unit_code,
        breakdown,
        known_from,
        target_key,
        target_type,
        binding,
        strictness,
        baseline_value,
        baseline_period,
        target_value,
        target_period,
        reference_indicator_code,
        responsible_unit_code,
        official_label,
        official_label_on,
        document_no,
        reason,
        source_status,
        source,
        known_to,
        is_current,
        source_code,
        batch_id,
        row_number,
        load_seq
    from targets
    where
        not is_deleted
        and target_key in (select changed.target_key from changed)
)

select * from final
