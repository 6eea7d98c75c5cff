-- Children of a parent: regions within one file of a release, and units by
-- what they had reported before the wave that is judged.
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

summed as (
    select distinct indicator_code
    from registry_indicators
    where aggregation = 'sum'
),

known as (
    select
        'region' as node_kind,
        region_code as node,
        file_sha256 as release,
        source_kind,
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
    where unit_code is null
    union all
    select
        'unit' as node_kind,
        unit_code as node,
        null as release,
        source_kind,
        indicator_code,
        definition_version,
        breakdown,
        period,
        known_from,
        value as number,
    from history_others
    where
        unit_code is not null
        and (indicator_code, period) in (
            select (indicator_code, period) from batch_point
        )
),

latest as (
    select
        node_parent.node_kind,
        node_parent.parent,
        node_parent.node,
        node_parent.children_registered,
        known.source_kind,
        known.release,
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
            known.node = node_parent.node
            and known.node_kind = node_parent.node_kind
    where
        known.number is not null
        and known.indicator_code in (select indicator_code from summed)
    group by all
),

reported as (
    select
        *,
        struct_extract(newest, 'number') as number,
    from latest
),

added as (
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
        added_apart(number) as apart,
    from reported
    group by all
)

select
    * exclude (apart),
    put_together(apart) as children_sum,
    -- Without fractions, where the sum is more than a decimal holds.
    case when children_sum is null then without_fractions(apart) end
        as children_wholes,
from added
;
