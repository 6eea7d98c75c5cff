-- Words for what a row was compared with: only reasons read them.
create or replace view explained_series as
select
    *,
    concat_ws(
        '; ',
        case
            when own_points > 0
                then coalesce(
                    'unit ' || unit_code, 'region ' || region_code
                )
                || ' reported '
                || case
                    when own_least = own_greatest then plain(own_least)
                    else plain(own_least) || '–' || plain(own_greatest)
                end
                || ' in ' || own_points::varchar || ' of the last 12 '
                || case months
                    when 12 then 'years'
                    when 6 then 'half-years'
                    when 3 then 'quarters'
                    else 'months'
                end
        end,
        case
            when peers >= 5
                then 'median of ' || peers::varchar || ' peers in '
                || peers_period || ': ' || plain(peers_median)
        end
    ) as derivation,
from judged_series
;

-- Of each submission, how many rows repeat the period before.
create or replace table submission_copy as
select
    submission_id,
    count(*) filter (number <> 0) as rows_compared,
    count(*) filter (number <> 0 and number = previous_number)
        as rows_unchanged,
    any_value(last_period) as copied_period,
from judged_series
where submission_id is not null and previous_number is not null
group by submission_id
;
