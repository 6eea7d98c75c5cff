-- No registry says from when to when a definition is in force; `rules` may:
-- OBS_DEFINITION_NOT_IN_FORCE, from.<indicator>.<version> or until.….
create table definition_span as
select
    substr(parameter, strpos(parameter, '.') + 1) as definition,
    min(try_cast(value as date)) filter (parameter like 'from.%')
        as in_force_from,
    min(try_cast(value as date)) filter (parameter like 'until.%')
        as in_force_until,
from rule_parameter
where rule_id = 'OBS_DEFINITION_NOT_IN_FORCE'
group by all
;
