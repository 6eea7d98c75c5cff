-- depends_on: {{ ref('stg_clock') }}
{{ config(
    tags='registries',
    pre_hook="{{ reset_watermark() }}",
    post_hook="{{ record_watermark() }}",
) }}

with

waivers as (
    select * from {{ ref('stg_target_waivers') }}
),

final as (
    select
        plan_code,
        plan_version,
        indicator_code,
        case
            when child_plan_code is not null then 'plan'
            when child_region_code is not null then 'region'
            when child_unit_code is not null then 'unit'
        end as child_kind,
        coalesce(child_plan_code, child_region_code, child_unit_code)
            as child_code,
        known_from,
        waived_by,
        waived_why,
        waived_until,
        document_no,
        source,
        known_to,
        is_current,
        source_code,
        batch_id,
        row_number,
        load_seq
    from waivers
    where not is_deleted
)

select * from final
