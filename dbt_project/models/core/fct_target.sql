-- depends_on: {{ ref('stg_clock') }}
{{ config(
    pre_hook="{{ reset_watermark() }}",
    post_hook=[
        "{{ record_watermark() }}",
        "{{ table_macro('target_as_of', 'moment', target_as_of()) }}",
    ],
) }}

with

targets as (
    select * from {{ ref('stg_targets') }}
),

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
        {{ target_key() }} as target_key,
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
    where not is_deleted
)

select * from final
