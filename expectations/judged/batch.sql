-- What needs the whole batch: peers of one period, and children of a parent.
-- Small tables; the rows themselves are judged in chunks.
create view batch_number as
select
    coalesce(source_kind, '') as source_kind,
    source_code,
    form_code,
    unit_code,
    region_code,
    indicator_code,
    definition_version,
    breakdown,
    period,
    known_from,
    case
        when regexp_full_match(value, '-?[0-9]{1,8}([.][0-9]{1,10})?')
            then value::decimal(18, 10)::decimal(38, 10)
        when regexp_full_match(value, '-?[0-9]{1,14}([.][0-9]{1,4})?')
            then value::decimal(18, 4)::decimal(38, 10)
    end as number,
from whole_observation
;

create view known_number as
select
    source_kind,
    source_code,
    form_code,
    unit_code,
    region_code,
    indicator_code,
    definition_version,
    breakdown,
    period,
    known_from,
    value as number,
from history_observation
where
    (indicator_code, period) in (
        select (indicator_code, period) from batch_number
    )
;

create table region_level as
select
    region_code,
    min(level) as level,
    min(parent_region_code) as parent_region_code,
from registry_regions
group by region_code
;

-- Peers are the units of one form, or the regions of one level in one source.
create table peer_fact as
with

known as (
    select * from batch_number
    union all
    select * from known_number
),

final as (
    select
        known.source_kind,
        coalesce(
            known.form_code, known.source_code || '|' || region_level.level
        ) as peer_group,
        known.indicator_code,
        known.definition_version,
        known.breakdown,
        known.period,
        count(distinct coalesce(known.unit_code, known.region_code)) as peers,
        median(known.number) as peers_median,
        median(log10(nullif(abs(known.number)::double, 0))) as peers_log_median,
        mad(log10(nullif(abs(known.number)::double, 0))) as peers_log_mad,
    from known
    left join region_level on known.region_code = region_level.region_code
    where known.number is not null
    group by all
    having count(*) >= 5
)

select * from final
;

-- A node is a unit, or in a release a region; both have registered parents.
create table node_parent as
with

nodes as (
    select
        'unit' as node_kind,
        unit_code as node,
        min(parent_unit_code) as parent,
    from registry_units
    where
        valid_to is null
        -- Whether a unit's report includes those below it, the site declares.
        and getvariable('obs_children_parent_units') = 1
    group by unit_code
    union all
    select
        'region' as node_kind,
        region_code as node,
        min(parent_region_code) as parent,
    from registry_regions
    where valid_to is null
    group by region_code
),

final as (
    select
        *,
        count(*) over (partition by node_kind, parent) as children_registered,
    from nodes
    where parent is not null
)

select * from final
;

create table child_fact as
with

parents as (
    select distinct coalesce(unit_code, region_code) as parent
    from batch_number
),

summed as (
    select distinct indicator_code
    from registry_indicators
    where aggregation = 'sum'
),

known as (
    select * from batch_number
    union all
    select * from known_number
),

latest as (
    select
        node_parent.node_kind,
        node_parent.parent,
        node_parent.node,
        node_parent.children_registered,
        known.source_kind,
        case when known.unit_code is null then known.source_code end
            as release,
        known.indicator_code,
        known.definition_version,
        known.breakdown,
        known.period,
        max(
            struct_pack(at := known.known_from, number := known.number)
        ) as newest,
    from known
    inner join node_parent
        on
            coalesce(known.unit_code, known.region_code) = node_parent.node
            and case when known.unit_code is null then 'region' else 'unit' end
            = node_parent.node_kind
    where
        known.number is not null
        and node_parent.parent in (select parent from parents)
        and known.indicator_code in (select indicator_code from summed)
    group by all
)

select
    node_kind,
    parent,
    source_kind,
    release,
    indicator_code,
    definition_version,
    breakdown,
    period,
    count(*) as children,
    any_value(children_registered) as children_registered,
    sum(struct_extract(newest, 'number')) as children_sum,
from latest
group by all
;
