-- The series that the rows belong to, and what had been accepted of them.
create table series as
select
    row_number() over () as series_id,
    *,
from (
    select distinct
        source_kind,
        owner,
        region_code,
        indicator_code,
        definition_version,
        breakdown,
    from sound
)
;

create table series_row as
select
    series.series_id,
    sound.*,
    coalesce(sound.form_code, sound.source_code || '|' || region_level.level)
        as peer_group,
from sound
left join region_level on sound.region_code = region_level.region_code
inner join series
    on
        sound.source_kind = series.source_kind
        and sound.owner = series.owner
        and sound.region_code = series.region_code
        and sound.indicator_code = series.indicator_code
        and sound.definition_version = series.definition_version
        and sound.breakdown = series.breakdown
;

-- What was accepted before, read once.
create table series_known as
select distinct
    series.series_id,
    start_of(history.period) as period_start,
    history.period,
    history.known_from,
    history.value as number,
    history.submission_id,
    history.source_code,
    true as is_past,
from history_observation as history
inner join series
    on
        history.source_kind = series.source_kind
        and coalesce(history.unit_code, history.source_code) = series.owner
        and history.region_code = series.region_code
        and history.indicator_code = series.indicator_code
        and history.definition_version = series.definition_version
        and history.breakdown = series.breakdown
;
