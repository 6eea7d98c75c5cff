-- Share of wrong rows of each file, for the budget.
create table judged_file as
with

received as (
    select
        judged_observation.file_sha256,
        count(*) as rows_received,
        count(wrong_row.row_id) as rows_wrong,
    from judged_observation
    left join wrong_row on judged_observation.row_id = wrong_row.row_id
    group by judged_observation.file_sha256
),

total as (
    select count(*) as batch_rows from judged_observation
),

final as (
    select
        row_number() over () as row_id,
        batch_file.file_sha256,
        batch_file.file_sha256 as file,
        coalesce(received.rows_received, 0) as rows_received,
        coalesce(received.rows_wrong, 0) as rows_wrong,
        total.batch_rows,
        received.rows_wrong / received.rows_received::double as rejected_share,
    from batch_file
    cross join total
    left join received on batch_file.file_sha256 = received.file_sha256
)

select * from final
;
