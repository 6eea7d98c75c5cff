with

source as (
    select * from {{ source('raw', 'rejection') }}
),

batches as (
    select * from {{ source('raw', 'batch') }}
),

submissions as (
    select
        submission_id,
        batch_id,
        min(received_at) as received_at
    from {{ source('raw', 'submission') }}
    where submission_id in (select source.submission_id from source)
    group by submission_id, batch_id
),

-- A reason is known when its submission is; one without a submission, when
-- its batch is. What was rejected stays out: the receipt tells it to the unit.
dated as (
    select
        source.batch_id,
        batches.status,
        source.submission_id,
        source.row_number,
        source.field,
        source.rule_id,
        source.rule_version,
        source.severity,
        source.expected,
        source.expected_from,
        source.how_to_fix_en,
        source.how_to_fix_zh,
        coalesce(submissions.received_at, batches.received_at) as known_from,
        source.load_seq
    from source
    inner join batches
        on
            source.batch_id = batches.batch_id
            and source.load_seq = batches.load_seq
    left join submissions
        on
            source.submission_id = submissions.submission_id
            and source.batch_id = submissions.batch_id
),

final as (
    select
        batch_id,
        status,
        submission_id,
        row_number,
        field,
        rule_id,
        rule_version,
        severity,
        expected,
        expected_from,
        how_to_fix_en,
        how_to_fix_zh,
        known_from,
        load_seq
    from dated
    where {{ is_visible() }}
)

select * from final
