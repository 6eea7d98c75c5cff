-- What the units of one form, or the regions of one level in one source, had
-- reported for a period before the wave that is judged. `peer_wanted` names
-- the indicators and periods.
create table peer_fact as
with

latest as (
    select
        known.source_kind,
        coalesce(
            known.form_code, known.source_code || '|' || region_level.level
        ) as peer_group,
        known.indicator_code,
        known.definition_version,
        known.breakdown,
        known.period,
        coalesce(known.unit_code, known.region_code) as peer,
        struct_extract(
            max(struct_pack(at := known.known_from, number := known.value)),
            'number'
        ) as number,
    from history_others as known
    semi join peer_wanted
        on
            known.indicator_code = peer_wanted.indicator_code
            and known.period = peer_wanted.period
    left join region_level on known.region_code = region_level.region_code
    where known.value is not null
    group by all
)

select
    source_kind,
    peer_group,
    indicator_code,
    definition_version,
    breakdown,
    period,
    count(*) as peers,
    median(number) as peers_median,
    median(log10(nullif(abs(number)::double, 0))) as peers_log_median,
    mad(log10(nullif(abs(number)::double, 0))) as peers_log_mad,
from latest
group by all
-- Of fewer, a median would tell what one of them reported.
having count(*) >= 5
;
