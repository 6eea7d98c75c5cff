with

clock as (
    select * from {{ ref('stg_clock') }}
),

source as (
    select * from {{ source('raw', 'landed_file') }}
),

final as (
    select
        source.batch_id,
        source.file_sha256,
        source.url,
        source.size_bytes,
        source.media_type,
        source.licence,
        source.fetched_at,
        source.load_seq
    from source
    inner join clock on source.load_seq <= clock.load_seq
)

select * from final
