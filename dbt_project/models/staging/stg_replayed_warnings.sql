with

clock as (
    select * from {{ ref('stg_clock') }}
),

source as (
    select * from {{ source('raw', 'replayed_warning') }}
),

final as (
    select
        source.batch_id,
        source.warning_id,
        source.rule_id,
        source.rule_version,
        source.target_key,
        source.source_kind,
        source.first_warned_at,
        source.load_seq
    from source
    inner join clock on source.load_seq <= clock.load_seq
)

select * from final
