with

landed_files as (
    select * from {{ ref('stg_landed_files') }}
),

batches as (
    select * from {{ ref('stg_batches') }}
),

-- One batch may hold the same bytes from the same place more than once.
final as (
    select
        landed_files.batch_id,
        landed_files.file_sha256,
        landed_files.url,
        batches.source_code,
        batches.source_kind,
        batches.simulated as is_simulated,
        landed_files.size_bytes,
        landed_files.media_type,
        landed_files.licence,
        landed_files.fetched_at,
        batches.received_at,
        landed_files.load_seq
    from landed_files
    inner join batches on landed_files.batch_id = batches.batch_id
    qualify
        row_number() over (
            partition by
                landed_files.batch_id, landed_files.file_sha256,
                landed_files.url
            order by
                landed_files.fetched_at asc nulls last,
                landed_files.load_seq asc nulls last,
                batches.load_seq asc nulls last
        ) = 1
)

select * from final
