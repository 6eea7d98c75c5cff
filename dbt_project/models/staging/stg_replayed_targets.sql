with

clock as (
    select * from {{ ref('stg_clock') }}
),

source as (
    select * from {{ source('raw', 'replayed_target') }}
),

final as (
    select
        source.batch_id,
        source.target_key,
        source.source_kind,
        source.watched_from,
        source.load_seq
    from source
    inner join clock on source.load_seq <= clock.load_seq
)

select * from final
