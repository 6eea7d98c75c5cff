-- What goes on and what goes to quarantine.
create or replace table refused_submission as
select distinct submission_id
from reason
where scope = 'submission' and severity = 'error'
;

create or replace table rejected_row as
select row_id from wrong_row
union
select judged_observation.row_id
from judged_observation
inner join refused_submission
    on judged_observation.submission_id = refused_submission.submission_id
;

create or replace table submission_outcome as
with

rejected as (
    select
        judged_observation.submission_id,
        count(*) as rows_rejected,
    from judged_observation
    inner join rejected_row
        on judged_observation.row_id = rejected_row.row_id
    group by judged_observation.submission_id
),

counted as (
    select
        judged_submission.*,
        coalesce(rejected.rows_rejected, 0) as rows_rejected,
        judged_submission.rows_received - coalesce(rejected.rows_rejected, 0)
            as rows_accepted,
        refused_submission.submission_id is not null as is_refused,
    from judged_submission
    left join rejected
        on judged_submission.submission_id = rejected.submission_id
    left join refused_submission
        on judged_submission.submission_id = refused_submission.submission_id
),

final as (
    select
        counted.submission_id,
        counted.batch_id,
        judged_batch.source_code,
        counted.file_sha256,
        counted.unit_code,
        counted.form_code,
        counted.period,
        counted.received_at,
        counted.sha256,
        case
            when counted.is_refused or counted.rows_accepted = 0 then 'rejected'
            when counted.rows_rejected = 0 then 'accepted'
            else 'partly_accepted'
        end as verdict,
        counted.rows_received,
        counted.rows_accepted,
        counted.rows_rejected,
        judged_batch.rule_set_version,
        counted.due_at,
        counted.received_at <= counted.due_at as on_time,
    from counted
    cross join judged_batch
)

select * from final
;
