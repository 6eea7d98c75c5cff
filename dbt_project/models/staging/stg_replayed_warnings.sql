with

-- What is not visible yet is not among them: no replay made later.
batches as (
    select * from {{ ref('stg_batches') }}
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
    inner join batches on source.batch_id = batches.batch_id
)

select * from final
