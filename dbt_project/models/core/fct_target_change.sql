-- depends_on: {{ ref('stg_clock') }}
{{ config(
    tags='registries',
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='target_key',
    on_schema_change='fail',
    pre_hook=["{{ reset_watermark() }}", "{{ refuse_going_back() }}"],
    post_hook="{{ record_watermark() }}",
) }}

{% set compared = [
    'target_value', 'baseline_value', 'target_type', 'binding', 'strictness',
    'target_period', 'baseline_period',
] %}

with

vintages as (
    select
        *,
        {{ target_key() }} as target_key
    from {{ ref('stg_targets') }}
    {% if is_incremental() and not has_unread('registry_targets') -%}
        where false
    {%- endif %}
),

-- The first vintage in a revised version takes up the version before.
ordered as (
    select
        *,
        {{ before_change(compared + ['is_deleted', 'plan_version']) }}
    from vintages
    window
        own as (
            partition by target_key order by known_from asc nulls last
        ),
        line as (
            partition by
                plan_code, indicator_code, definition_version, region_code,
                unit_code, breakdown
            order by known_from asc nulls last, plan_version asc nulls last
        )
),

told as (
    select
        *,
        concat_ws(
            ', ',
            {% for column in compared -%}
                case
                    when
                        {{ column }} is distinct from old_{{ column }}
                        then '{{ column }}'
                end{{ ',' if not loop.last }}
            {% endfor %}
        ) as changed_columns
    from ordered
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
        target_key,
        case
            when is_deleted then 'withdrawn'
            when old_is_deleted is null then 'set'
            when old_is_deleted then 'reinstated'
            when plan_version <> old_plan_version then 'revised'
            when changed_columns = '' then 'documented'
            else 'changed'
        end as change_kind,
        case when old_is_deleted is not null then old_plan_version end
            as old_plan_version,
        old_target_value,
        case when not is_deleted then target_value end as new_target_value,
        old_baseline_value,
        case when not is_deleted then baseline_value end
            as new_baseline_value,
        old_target_type,
        case when not is_deleted then target_type end as new_target_type,
        old_binding,
        case when not is_deleted then binding end as new_binding,
        old_target_period,
        case when not is_deleted then target_period end as new_target_period,
        case
            when old_is_deleted is null or is_deleted then null
            else nullif(changed_columns, '')
        end as changed_columns,
        document_no,
        reason,
        source,
        source_code,
        batch_id,
        row_number,
        load_seq
    from told
)

select * from final
