-- Compulsory items of a form that a submission leaves out. A row that is there
-- but wrong is not absent: it has reasons of its own.
create table submission_absence as
with

compulsory as (
    select distinct
        form_code,
        indicator_code,
        coalesce(breakdown, '_T') as breakdown,
    from registry_form_items
    where compulsory = 'true'
),

sent as (
    select distinct
        submission_id,
        indicator_code,
        breakdown,
    from judged_observation
),

final as (
    select
        submission_context.submission_id,
        count(*) as rows_absent,
        string_agg(
            compulsory.indicator_code
            || case
                when compulsory.breakdown <> '_T'
                    then ' ' || compulsory.breakdown
                else ''
            end,
            ', '
            order by
                compulsory.indicator_code asc nulls last,
                compulsory.breakdown asc nulls last
        ) as absent_rows,
    from submission_context
    inner join compulsory
        on submission_context.form_code = compulsory.form_code
    left join sent
        on
            submission_context.submission_id = sent.submission_id
            and compulsory.indicator_code = sent.indicator_code
            and compulsory.breakdown = sent.breakdown
    where
        sent.submission_id is null
        and submission_context.rows_received > 0
    group by submission_context.submission_id
)

select * from final
;
