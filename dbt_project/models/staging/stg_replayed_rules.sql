with

clock as (
    select * from {{ ref('stg_clock') }}
),

source as (
    select * from {{ source('raw', 'replayed_rule') }}
),

final as (
    select
        source.batch_id,
        source.rule_id,
        source.rule_version,
        source.load_seq
    from source
    inner join clock on source.load_seq <= clock.load_seq
)

select * from final
