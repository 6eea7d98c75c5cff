{{ config(tags='registries') }}

with

rules as (
    select * from {{ ref('stg_rules') }}
),

final as (
    select
        rule_id,
        rule_version,
        parameter,
        known_from,
        value,
        source,
        source_status,
        valid_from,
        valid_to,
        known_to,
        is_current,
        source_code,
        batch_id,
        row_number,
        load_seq
    from rules
    where not is_deleted
)

select * from final
