-- depends_on: {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='report_key',
    on_schema_change='fail',
    pre_hook=["{{ reset_watermark() }}", "{{ refuse_going_back() }}"],
    post_hook="{{ record_watermark(['fct_rejection']) }}",
) }}

{% set carried %}
    submission_id, batch_id, report_key, source_code, unit_code, form_code,
    period, received_at, sha256, verdict, rows_received, rows_accepted,
    rows_rejected, n_errors, n_warnings, n_waived, rule_set_version,
    file_sha256, load_seq
{% endset %}

with

submissions as (
    select
        *,
        received_at as known_from,
        {{ hash_key(['source_code', 'unit_code', 'form_code', 'period']) }}
            as report_key
    from {{ ref('stg_submissions') }}
),

new_submissions as (
    select *
    from submissions
    {% if is_incremental() -%}
        where
            load_seq >= {{ first_unread_load(
                'fct_submission', 'submission', 'received_at'
            ) }}
            and {{ is_unread_here('fct_submission') }}
    {%- endif %}
),

reasons as (
    select
        submission_id,
        batch_id,
        count(*) filter (where severity = 'error') as n_errors,
        count(*) filter (where severity = 'warning') as n_warnings,
        count(*) filter (where severity = 'waived') as n_waived
    from {{ ref('fct_rejection') }}
    where batch_id in (select new_submissions.batch_id from new_submissions)
    group by submission_id, batch_id
),

counted as (
    select
        new_submissions.*,
        coalesce(reasons.n_errors, 0) as n_errors,
        coalesce(reasons.n_warnings, 0) as n_warnings,
        coalesce(reasons.n_waived, 0) as n_waived
    from new_submissions
    left join reasons
        on
            new_submissions.submission_id = reasons.submission_id
            and new_submissions.batch_id = reasons.batch_id
),

-- Earlier tries at the reports that the new submissions belong to: none has a
-- period before theirs. No period counts as empty text, as in the key.
candidates as (
    select
        {{ carried }}
    from counted
    {% if is_incremental() -%}
        {% for named in [
            'period >= ' ~ earliest_period(
                "(select coalesce(period, '') as period from counted)"
            ),
            'period is null',
        ] -%}
            union all
            select
                {{ carried }}
            from {{ this }}
            where
                report_key in (select counted.report_key from counted)
                and {{ named }}
        {% endfor -%}
    {%- endif %}
),

-- A submission that is read again replaces itself: rows that a waiver released
-- change its account.
kept as (
    select *
    from candidates
    qualify
        row_number() over (
            partition by submission_id, batch_id
            order by load_seq desc nulls last
        ) = 1
),

tries as (
    select
        *,
        row_number() over (
            partition by report_key
            order by
                received_at asc nulls last,
                submission_id asc nulls last,
                batch_id asc nulls last
        ) as attempt
    from kept
),

-- A try of which nothing was accepted takes no other's place.
followed as (
    select
        *,
        min(case when verdict <> 'rejected' then attempt end) over (
            partition by report_key
            order by attempt asc nulls last
            rows between 1 following and unbounded following
        ) as next_attempt
    from tries
),

final as (
    select
        followed.submission_id,
        followed.batch_id,
        followed.report_key,
        followed.source_code,
        followed.unit_code,
        followed.form_code,
        followed.period,
        followed.attempt,
        followed.received_at,
        followed.sha256,
        followed.verdict,
        followed.rows_received,
        followed.rows_accepted,
        followed.rows_rejected,
        followed.n_errors,
        followed.n_warnings,
        followed.n_waived,
        followed.rule_set_version,
        successors.submission_id as superseded_by,
        successors.received_at as superseded_at,
        successors.submission_id is null as is_current,
        followed.file_sha256,
        followed.load_seq
    from followed
    left join tries as successors
        on
            followed.report_key = successors.report_key
            and followed.next_attempt = successors.attempt
)

select * from final
