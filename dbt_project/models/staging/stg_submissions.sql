with

clock as (
    select * from {{ ref('stg_clock') }}
),

source as (
    select * from {{ source('raw', 'submission') }}
),

final as (
    select
        source.submission_id,
        source.batch_id,
        source.source_code,
        source.file_sha256,
        source.unit_code,
        source.form_code,
        source.period,
        source.received_at,
        source.sha256,
        source.verdict,
        source.rows_received,
        source.rows_accepted,
        source.rows_rejected,
        source.rule_set_version,
        source.load_seq
    from source
    inner join clock
        on
            source.load_seq <= clock.load_seq
            and source.received_at <= clock.as_of
)

select * from final
