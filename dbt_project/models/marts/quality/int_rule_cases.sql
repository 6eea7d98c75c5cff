{#- Each part reads the submissions itself: where no rule was broken, none
    does. -#}
with

-- Tries at a report that broke a rule, whatever version of it. What was only
-- waived is not mended.
broken as (
    select distinct
        rejections.rule_id,
        rejections.rule_version,
        rejections.severity,
        submissions.report_key,
        submissions.attempt
    from {{ ref('fct_rejection') }} as rejections
    inner join {{ ref('fct_submission') }} as submissions
        on
            rejections.submission_id = submissions.submission_id
            and rejections.batch_id = submissions.batch_id
    where rejections.severity in ('error', 'waived')
),

-- One case for each report that ever broke the rule, under the version that
-- it broke first.
cases as (
    select
        rule_id,
        report_key,
        min_by(rule_version, attempt) as rule_version,
        min(attempt) as first_attempt
    from broken
    where severity = 'error'
    group by rule_id, report_key
),

later_tries as (
    select
        cases.rule_id,
        cases.report_key,
        min(submissions.attempt) as second_attempt,
        min(case when broken.attempt is null then submissions.attempt end)
            as mended_attempt
    from cases
    inner join {{ ref('fct_submission') }} as submissions
        on
            cases.report_key = submissions.report_key
            and cases.first_attempt < submissions.attempt
    left join broken
        on
            cases.rule_id = broken.rule_id
            and submissions.report_key = broken.report_key
            and submissions.attempt = broken.attempt
    group by cases.rule_id, cases.report_key
),

final as (
    select
        cases.rule_id,
        cases.rule_version,
        cases.report_key,
        later_tries.second_attempt is not null as is_tried_again,
        later_tries.mended_attempt is not null as is_mended,
        coalesce(
            later_tries.mended_attempt = later_tries.second_attempt, false
        ) as is_mended_at_once,
        {{ hours_between('first_try.received_at', 'mending.received_at') }}
            as hours_to_fix
    from cases
    inner join {{ ref('fct_submission') }} as first_try
        on
            cases.report_key = first_try.report_key
            and cases.first_attempt = first_try.attempt
    left join later_tries
        on
            cases.rule_id = later_tries.rule_id
            and cases.report_key = later_tries.report_key
    left join {{ ref('fct_submission') }} as mending
        on
            cases.report_key = mending.report_key
            and later_tries.mended_attempt = mending.attempt
)

select * from final
