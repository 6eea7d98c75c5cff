-- Rows that passed the rules on single rows: only these are compared with each
-- other and with the past. Those without a number may still stand twice.
create table sound as
select
    judged.row_id,
    judged.submission_id,
    judged.row_number,
    judged.row_key,
    judged.value,
    judged.number,
    judged.source_kind,
    judged.source_code,
    judged.file_sha256,
    judged.unit_code,
    judged.form_code,
    -- Whose series it is: a unit's wherever it was collected, else a source's.
    coalesce(judged.unit_code, judged.source_code) as owner,
    judged.region_code,
    judged.indicator_code,
    judged.definition_version,
    judged.breakdown,
    judged.period,
    period_context.period_start,
    case judged.indicator_frequency
        when 'A' then 12
        when 'S' then 6
        when 'Q' then 3
        else 1
    end as months,
    judged.known_from,
    submission_context.due_at,
    indicator_context.aggregation,
    indicator_context.min_value as indicator_min,
    judged.indicator_unit_measure,
    -- Half a unit of the last declared digit, for each of several rounded sums.
    0.5 * pow(10, -coalesce(judged.indicator_decimals, 0)) as rounding,
    coalesce(judged.submission_id, judged.file_sha256) as report,
from judged_observation as judged
left join period_context on judged.period = period_context.period
left join submission_context
    on judged.submission_id = submission_context.submission_id
left join indicator_context
    on
        judged.indicator_code = indicator_context.indicator_code
        and judged.definition_version = indicator_context.definition_version
where
    judged.copies = 1
    and judged.row_id not in (select row_id from wrong_row)
;

create view usable as
select * from sound
where number is not null
;
