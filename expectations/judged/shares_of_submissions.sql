-- Each submission as a whole: its share of wrong rows, for the budget, what it
-- leaves out, and whether it repeats the last one.
create or replace table judged_submission as
with

wrong as (
    select
        judged_observation.submission_id,
        count(*) as rows_wrong,
    from judged_observation
    inner join wrong_row on judged_observation.row_id = wrong_row.row_id
    group by judged_observation.submission_id
),

final as (
    select
        submission_context.*,
        coalesce(wrong.rows_wrong, 0) as rows_wrong,
        coalesce(wrong.rows_wrong, 0)
        / nullif(submission_context.rows_received, 0)::double as rejected_share,
        coalesce(submission_absence.rows_absent, 0) as rows_absent,
        submission_absence.absent_rows,
        submission_copy.rows_compared,
        submission_copy.copied_period,
        case
            when
                submission_copy.rows_compared
                >= getvariable('sub_copy_of_last_least_rows')
                then submission_copy.rows_unchanged
                / submission_copy.rows_compared::double
        end as unchanged_share,
    from submission_context
    left join submission_absence
        on submission_context.submission_id = submission_absence.submission_id
    left join submission_copy
        on submission_context.submission_id = submission_copy.submission_id
    left join wrong
        on submission_context.submission_id = wrong.submission_id
)

select * from final
;
