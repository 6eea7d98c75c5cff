-- What the registries say about each submission's unit, form and period.
-- Spans of one unit are numbered by age; a later one has the higher number.
create table unit_span as
select
    unit_code,
    row_number() over (
        partition by unit_code
        order by valid_from asc nulls first
    ) as span_number,
    unit_kind,
    level,
    region_code,
    coalesce(valid_from::date, date '0001-01-01') as valid_from,
    coalesce(valid_to::date, date '9999-12-31') as valid_to,
    coalesce(valid_from, '(always)') || ' to ' || coalesce(valid_to, '(open)')
        as span,
from registry_units
;

create table form_span as
select
    form_code,
    row_number() over (
        partition by form_code
        order by valid_from asc nulls first
    ) as span_number,
    unit_kind,
    unit_level,
    frequency,
    due_days::decimal(38, 10)::integer as due_days,
    coalesce(valid_from::date, date '0001-01-01') as valid_from,
    coalesce(valid_to::date, date '9999-12-31') as valid_to,
    coalesce(valid_from, '(always)') || ' to ' || coalesce(valid_to, '(open)')
        as span,
from registry_forms
;

create table submission_context as
with

dated as (
    select
        sent_submission.*,
        period_context.frequency as period_frequency,
        period_context.period_start,
        period_context.period_end,
        timezone(
            getvariable('time_zone'),
            timezone('UTC', sent_submission.received_at)
        )::date as received_on,
    from sent_submission
    left join period_context on sent_submission.period = period_context.period
    cross join judged_batch
),

-- Of several spans the newest that overlaps the period, else the newest: the
-- span's number, and a million more where it overlaps, so that one plain
-- maximum decides without sorting.
chosen_unit as (
    select
        dated.submission_id,
        max(
            unit_span.span_number
            + case
                when
                    unit_span.valid_from <= dated.period_end
                    and unit_span.valid_to >= dated.period_start
                    then 1000000
                else 0
            end
        ) as score,
    from dated
    inner join unit_span on dated.unit_code = unit_span.unit_code
    group by dated.submission_id
),

chosen_form as (
    select
        dated.submission_id,
        max(
            form_span.span_number
            + case
                when
                    form_span.valid_from <= dated.period_end
                    and form_span.valid_to >= dated.period_start
                    then 1000000
                else 0
            end
        ) as score,
    from dated
    inner join form_span on dated.form_code = form_span.form_code
    group by dated.submission_id
),

with_span as (
    select
        dated.*,
        unit_span.unit_code as registered_unit,
        unit_span.unit_kind,
        unit_span.level as unit_level,
        unit_span.region_code as unit_region_code,
        case
            when dated.period_end is not null
                then (chosen_unit.score > 1000000)::integer
        end as unit_rows_valid,
        form_span.form_code as registered_form,
        form_span.unit_kind as form_unit_kind,
        form_span.unit_level as form_unit_level,
        form_span.frequency as form_frequency,
        form_span.due_days,
        case
            when dated.period_end is not null
                then (chosen_form.score > 1000000)::integer
        end as form_rows_valid,
    from dated
    left join chosen_unit on dated.submission_id = chosen_unit.submission_id
    left join unit_span
        on
            dated.unit_code = unit_span.unit_code
            and chosen_unit.score % 1000000 = unit_span.span_number
    left join chosen_form on dated.submission_id = chosen_form.submission_id
    left join form_span
        on
            dated.form_code = form_span.form_code
            and chosen_form.score % 1000000 = form_span.span_number
),

-- A span without bounds cannot fail: no message will show it.
unit_validity as (
    select
        unit_code,
        string_agg(span, '; ' order by span_number asc nulls last)
            as unit_validity,
    from unit_span
    where span <> '(always) to (open)'
    group by unit_code
),

form_validity as (
    select
        form_code,
        string_agg(span, '; ' order by span_number asc nulls last)
            as form_validity,
    from form_span
    group by form_code
),

row_counts as (
    select
        submission_id,
        count(*) as rows_received,
    from sent_row
    where submission_id is not null
    group by submission_id
),

final as (
    select
        row_number() over () as row_id,
        with_span.*,
        unit_validity.unit_validity,
        form_validity.form_validity,
        coalesce(row_counts.rows_received, 0) as rows_received,
        coalesce(row_counts.rows_received, 0) as rows,
        coalesce(with_span.period, '') as period_text,
        case
            when
                with_span.unit_rows_valid = 1 and with_span.form_rows_valid = 1
                then (
                    coalesce(
                        with_span.form_unit_kind = with_span.unit_kind, true
                    )
                    and coalesce(
                        with_span.form_unit_level::decimal(38, 10)
                        = with_span.unit_level::decimal(38, 10),
                        true
                    )
                )::integer
        end as asked,
        (with_span.period_end + with_span.due_days)::timestamp
        + interval '23 hours 59 minutes 59 seconds' as due_at,
        -- The end of a period that has begun; one that has not is another rule.
        case
            when with_span.period_start <= with_span.received_on
                then with_span.period_end
        end as ended_on,
        case
            when getvariable('sub_period_closed_after_days') > 0
                then (
                    with_span.period_end + with_span.due_days
                    -- Longer than a century is never, and no number of days.
                    + least(
                        getvariable('sub_period_closed_after_days'), 36525
                    )::integer
                )
        end as closed_on,
    from with_span
    left join unit_validity on with_span.unit_code = unit_validity.unit_code
    left join form_validity on with_span.form_code = form_validity.form_code
    left join row_counts on with_span.submission_id = row_counts.submission_id
)

select * from final
;
