-- Rows that passed the rules on single rows: only these are compared with each
-- other and with the past. Those without a number may still stand twice.
create table sound as
select
    row_id,
    submission_id,
    row_number,
    row_key,
    value,
    number,
    source_kind,
    source_code,
    file_sha256,
    unit_code,
    form_code,
    -- Whose series it is: a unit's wherever it was collected, else a source's.
    coalesce(unit_code, source_code) as owner,
    region_code,
    indicator_code,
    definition_version,
    breakdown,
    period,
    period_start,
    case indicator_frequency
        when 'A' then 12
        when 'S' then 6
        when 'Q' then 3
        else 1
    end as months,
    known_from,
    due_at,
    aggregation,
    indicator_min,
    indicator_unit_measure,
    -- Half a unit of the last declared digit, for each of several rounded sums.
    0.5 * pow(10, -coalesce(indicator_decimals, 0)) as rounding,
    coalesce(submission_id, file_sha256) as report,
from judged_observation
where
    copies = 1
    and row_id not in (select row_id from wrong_row)
;

create view usable as
select * from sound
where number is not null
;
