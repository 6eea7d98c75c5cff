-- All that was ever reported on a form, for the bundle of a unit.
create table peer_wanted as
select distinct
    indicator_code,
    period,
from history_others
where form_code is not null
;
