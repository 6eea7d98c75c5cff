-- depends_on: {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='reasons_key',
    on_schema_change='fail',
    pre_hook=["{{ reset_watermark() }}", "{{ refuse_going_back() }}"],
    post_hook="{{ record_watermark() }}",
) }}

with

-- Reasons that were told again after a release replace the first: below, those
-- of one wave; those that stand here, by their key.
rejections as (
    select *
    from {{ ref('stg_rejections') }}
    {% if is_incremental() -%}
        where {{ is_unread('fct_rejection') }}
    {% endif -%}
    qualify
        load_seq = max(load_seq) over (
            partition by batch_id, status, submission_id
        )
),

batches as (
    select
        batch_id,
        load_seq,
        source_code,
        kind
    from {{ ref('stg_batches') }}
),

submissions as (
    select
        submission_id,
        batch_id,
        unit_code,
        form_code,
        period
    from {{ ref('stg_submissions') }}
    where batch_id in (select rejections.batch_id from rejections)
    qualify
        row_number() over (
            partition by submission_id, batch_id
            order by load_seq desc nulls last
        ) = 1
),

final as (
    select
        rejections.batch_id,
        rejections.status,
        rejections.submission_id,
        row_number() over (
            partition by
                rejections.batch_id,
                rejections.load_seq,
                rejections.submission_id
            order by
                rejections.row_number asc nulls first,
                rejections.rule_id asc nulls last,
                rejections.field asc nulls last,
                rejections.expected asc nulls last,
                rejections.expected_from asc nulls last
        ) as reason_number,
        {{ hash_key([
            'rejections.batch_id', 'rejections.status',
            'rejections.submission_id',
        ]) }} as reasons_key,
        batches.source_code,
        batches.kind,
        submissions.unit_code,
        submissions.form_code,
        submissions.period,
        rejections.row_number,
        rejections.field,
        rejections.rule_id,
        rejections.rule_version,
        rejections.severity,
        rejections.expected,
        rejections.expected_from,
        rejections.how_to_fix_en,
        rejections.how_to_fix_zh,
        rejections.known_from,
        rejections.load_seq
    from rejections
    inner join batches
        on
            rejections.batch_id = batches.batch_id
            and rejections.load_seq = batches.load_seq
    left join submissions
        on
            rejections.submission_id = submissions.submission_id
            and rejections.batch_id = submissions.batch_id
)

select * from final
