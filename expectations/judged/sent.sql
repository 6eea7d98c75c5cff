-- Rows and submissions as they arrived, each submission once.
-- A submission without an id gets one from its file, so that it can be named;
-- one that stands twice with the same content counts once.
create table sent_submission as
with

named as (
    select
        *,
        coalesce(submission_id, 'unnamed-' || left(file_sha256, 16)) as name,
    from canonical_submission
),

contents as (
    select
        name,
        count(distinct sha256) as contents,
        count(*) as arrivals,
    from named
    group by name
),

final as (
    select
        named.name as submission_id,
        named.submission_id as sent_submission_id,
        named.batch_id,
        named.file_sha256,
        named.unit_code,
        named.form_code,
        named.period,
        coalesce(named.received_at, judged_batch.received_at) as received_at,
        named.sha256,
        contents.contents,
        contents.arrivals,
    from named
    inner join contents on named.name = contents.name
    cross join judged_batch
    qualify
        row_number() over (
            partition by named.name
            order by
                named.received_at asc nulls last,
                named.sha256 asc nulls last,
                named.file_sha256 asc nulls last
        ) = 1
)

select * from final
;

create view named_row as
select
    * exclude (submission_id),
    case
        when judged_batch.kind = 'submission'
            then coalesce(submission_id, 'unnamed-' || left(file_sha256, 16))
    end as submission_id,
from canonical_observation
cross join (select kind from judged_batch) as judged_batch
;

-- A view: what reads it needs few of its columns, or all of them once.
create view sent_row as
with

-- Nothing is looked up for what was sent once.
sent_again as (
    select *
    from sent_submission
    where arrivals > 1
),

kept as (
    select named_row.*
    from named_row
    anti join sent_again
        on named_row.submission_id = sent_again.submission_id
),

-- Copies of one content: the rows of one file, each once. With different
-- contents nothing can be told apart, all rows are kept and refused together.
repeated as (
    select distinct named_row.*
    from named_row
    inner join sent_again
        on named_row.submission_id = sent_again.submission_id
    where
        sent_again.contents > 1
        or named_row.file_sha256 = sent_again.file_sha256
),

final as (
    select * from kept
    union all
    select * from repeated
)

select * from final
;

create table period_context as
with

periods as (
    select period from sent_submission
    union
    select period from sent_row
),

parsed as (
    select
        period,
        substr(period, 1, 4)::integer as year,
        case
            when length(period) = 4 then 'A'
            when period like '%-S%' then 'S'
            when period like '%-Q%' then 'Q'
            else 'M'
        end as frequency,
        right(period, 1)::integer as part,
        case when length(period) = 7 then right(period, 2) end as tail,
    from periods
    where
        regexp_full_match(
            period, '[0-9]{4}(-(S[12]|Q[1-4]|0[1-9]|1[0-2]))?'
        )
),

started as (
    select
        period,
        frequency,
        case frequency
            when 'A' then make_date(year, 1, 1)
            when 'S' then make_date(year, part * 6 - 5, 1)
            when 'Q' then make_date(year, part * 3 - 2, 1)
            else make_date(year, try_cast(tail as integer), 1)
        end as period_start,
        case frequency
            when 'A' then 12
            when 'S' then 6
            when 'Q' then 3
            else 1
        end as months,
    from parsed
),

final as (
    select
        period,
        frequency,
        period_start,
        (period_start + to_months(months))::date - 1 as period_end,
    from started
)

select * from final
;
