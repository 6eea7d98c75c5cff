-- What a judgement counts before it looks at rows: facts of others, which the
-- chunks of a batch share. Small tables.
create table batch_point as
select distinct
    indicator_code,
    period,
from whole_observation
where
    regexp_full_match(
        period, '[0-9]{4}(-(S[12]|Q[1-4]|0[1-9]|1[0-2]))?'
    )
    and period not like '0000%'
;

create table peer_wanted as
select distinct
    indicator_code,
    period_before(period) as period,
from batch_point
;
