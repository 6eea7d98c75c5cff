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
{% set before = compared + ['is_deleted', 'plan_version'] %}

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

-- Each beside the vintage before it in its own version.
ordered as (
    select
        *,
        row_number() over own = 1 as is_first,
        {{ own_before(before) }}
    from vintages
    window own as (partition by target_key order by known_from asc nulls last)
),

-- The first vintage in a revised version takes up the version before: what was
-- last told in it and not withdrawn.
taken_up as (
    select
        ordered.target_key as revised_key,
        lower.*
    from ordered
    inner join vintages as lower
        on
            {{ same(
                ['plan_code', 'indicator_code', 'definition_version'],
                'ordered', 'lower'
            ) }}
            and {{ same_or_none(
                ['region_code', 'unit_code', 'breakdown'], 'ordered', 'lower'
            ) }}
            and {{ version_place('ordered.plan_version') }}
            > {{ version_place('lower.plan_version') }}
            and ordered.known_from >= lower.known_from
    where ordered.is_first and not lower.is_deleted
    qualify
        row_number() over (
            partition by ordered.target_key
            order by
                {{ version_place('lower.plan_version') }} desc nulls last,
                lower.known_from desc nulls last
        ) = 1
),

compared as (
    select
        ordered.*,
        {{ before_change(before) }}
    from ordered
    left join taken_up
        on ordered.is_first and ordered.target_key = taken_up.revised_key
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
    from compared
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
