with

-- What is not visible yet is not among them: no replay made later.
batches as (
    select * from {{ ref('stg_batches') }}
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
    inner join batches on source.batch_id = batches.batch_id
)

select * from final
