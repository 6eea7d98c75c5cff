-- Vintages of what the wave restated, and how far revisions go on the whole.

create temp table restated as
select distinct observation_key
from core.fct_observation
where
    period_end >= (select min(period_end) from fresh)
    and known_to in (select distinct known_from from fresh);

delete from marts.revision_triangle
where observation_key in (select observation_key from restated);

insert into marts.revision_triangle by name
select
    source_kind, source_code, unit_code, region_code, indicator_code,
    definition_version, period, breakdown,
    row_number() over point as vintage,
    known_from, observation_key, value,
    first_value(value) over point as first_value,
    last_value(value) over (
        point rows between unbounded preceding and unbounded following
    ) as latest_value,
    value - first_value as revision,
    value - lag(value) over point as revision_on_previous,
    latest_value - value as revision_to_come,
    round(100 * revision::double / abs(first_value::double), 10) as revision_pct,
    published_at, is_current as is_latest, batch_id, row_number,
from core.fct_observation as told
where
    period_end >= (select min(period_end) from fresh)
    and observation_key in (select observation_key from restated)
window point as (partition by observation_key order by known_from);

create temp table maturity as
select
    source_code, indicator_code, level as region_level, vintage as maturity,
    count(*) as n,
    round(avg(revision::double), 10) as mean_revision,
    round(avg(abs(revision)::double), 10) as mean_absolute_revision,
    round(sum(abs(revision))::double / sum(abs(value))::double, 10)
        as relative_mar,
    round(avg((revision > 0)::integer), 10) as upward_share,
    max(told.known_from) as latest_vintage,
from marts.revision_triangle as told
inner join core.dim_region using (region_code)
where vintage > 1
group by all;

truncate marts.revision_by_maturity;
insert into marts.revision_by_maturity by name from maturity;

truncate marts.revision_statistics;
insert into marts.revision_statistics by name
select
    * replace (max(latest_vintage) over series as latest_vintage),
    max(maturity) over series as latest_maturity,
from maturity
window series as (partition by source_code, indicator_code, region_level)
qualify maturity = 2;
