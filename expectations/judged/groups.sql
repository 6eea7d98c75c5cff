-- Rows against other rows of the same report: parts and totals, and
-- indicators that add up. A report is a submission, or a file of a release.
--   OBS_PARTS_TOTAL, parts.<indicator>: "A,B" or "A,B;C,D" (two partitions)
--   OBS_INDICATORS_SUM, sum.<indicator>: "indicator,indicator"
--   OBS_INDICATOR_EXCEEDS, at_most.<indicator>: indicator
create table partition_part as
with

declared as (
    select
        rule_id,
        substr(parameter, strpos(parameter, '.') + 1) as indicator_code,
        unnest(string_split(value, ';')) as parts,
    from rule_parameter
    where rule_id in ('OBS_PARTS_TOTAL', 'OBS_INDICATORS_SUM')
)

select
    rule_id,
    indicator_code,
    parts,
    len(string_split(parts, ',')) as parts_declared,
    trim(unnest(string_split(parts, ','))) as part,
from declared
;

create table part_sum as
with

candidate as (
    select
        total.row_id,
        partition_part.rule_id,
        partition_part.parts,
        partition_part.parts_declared,
        part.indicator_code,
        part.breakdown,
        part.number,
    from partition_part
    inner join usable as total
        on partition_part.indicator_code = total.indicator_code
    inner join usable as part
        on
            total.report = part.report
            and total.owner = part.owner
            and total.region_code = part.region_code
            and total.definition_version = part.definition_version
            and total.period = part.period
            and total.known_from = part.known_from
    where
        (
            partition_part.rule_id = 'OBS_PARTS_TOTAL'
            and total.breakdown = '_T'
            and part.indicator_code = total.indicator_code
            and part.breakdown = partition_part.part
        )
        or (
            partition_part.rule_id = 'OBS_INDICATORS_SUM'
            and part.breakdown = total.breakdown
            and part.indicator_code = partition_part.part
        )
),

added as (
    select
        row_id,
        rule_id,
        parts,
        parts_declared,
        added_apart(number) as apart,
        string_agg(
            case rule_id
                when 'OBS_PARTS_TOTAL' then breakdown
                else indicator_code
            end
            || ' ' || rtrim(rtrim(number::varchar, '0'), '.'),
            ' + '
            order by indicator_code asc nulls last, breakdown asc nulls last
        ) as part_text,
    from candidate
    group by row_id, rule_id, parts, parts_declared
    -- A part that is missing is another rule's affair.
    having count(*) = parts_declared
)

select
    * exclude (apart),
    put_together(apart) as part_sum,
    -- Without fractions, where the sum is more than a decimal holds.
    case when part_sum is null then without_fractions(apart) end
        as wholes,
from added
;

-- An indicator and the one that it may not exceed, each in all its breakdowns.
create table limit_sum as
with

summed as (
    select
        report,
        owner,
        region_code,
        definition_version,
        period,
        known_from,
        indicator_code,
        bool_or(breakdown = '_T') as has_total,
        added_apart(case when breakdown = '_T' then number end) as total,
        added_apart(number) as whole,
    from usable
    where
        (select count(*) from rule_parameter where parameter like 'at_most.%')
        > 0
    group by all
),

-- The total, or all breakdowns where there is none.
picked as (
    select
        * exclude (has_total, total, whole),
        case when has_total then total else whole end as apart,
    from summed
),

-- What is more than a decimal holds counts as the most that it holds.
held as (
    select
        * exclude (apart),
        coalesce(
            put_together(apart),
            case
                when struct_extract(apart, 'far') > 0
                    then 9999999999999999999999999999.9999999999
                else -9999999999999999999999999999.9999999999
            end
        ) as number,
    from picked
)

select
    own.* exclude (number),
    own.number as own_sum,
    min(other.number) as limit_sum,
    min_by(other.indicator_code, other.number) as limit_indicator,
from rule_parameter as declared
inner join held as own
    on declared.parameter = 'at_most.' || own.indicator_code
inner join held as other
    on
        declared.value = other.indicator_code
        and own.report = other.report
        and own.owner = other.owner
        and own.region_code = other.region_code
        and own.definition_version = other.definition_version
        and own.period = other.period
        and own.known_from = other.known_from
where declared.rule_id = 'OBS_INDICATOR_EXCEEDS'
group by all
;

create table judged_group as
with

measured as (
    select
        part_sum.*,
        usable.rounding,
        abs(
            coalesce(
                difference(usable.number, part_sum.part_sum),
                difference(usable.number, part_sum.wholes)
            )
        ) as gap,
    from part_sum
    inner join usable on part_sum.row_id = usable.row_id
),

worst as (
    select
        row_id,
        rule_id,
        max_by(coalesce(part_sum::varchar, wholes::varchar), gap) as part_sum,
        max_by(part_text, gap) as part_text,
        max(gap / (rounding * (parts_declared + 1) + 1e-9))
            as gap_in_roundings,
    from measured
    group by row_id, rule_id
),

totals as (
    select * from usable
    where breakdown = '_T' and aggregation = 'sum' and indicator_min >= 0
),

of_total as (
    select
        part.row_id,
        min(totals.number) as total_number,
    from usable as part
    inner join totals
        on
            part.report = totals.report
            and part.owner = totals.owner
            and part.region_code = totals.region_code
            and part.indicator_code = totals.indicator_code
            and part.definition_version = totals.definition_version
            and part.period = totals.period
            and part.known_from = totals.known_from
    where part.breakdown <> '_T'
    group by part.row_id
),

final as (
    select
        usable.*,
        of_total.total_number,
        case when of_total.total_number is not null then usable.number end
            as part_number,
        parts.gap_in_roundings as parts_gap,
        parts.part_sum as parts_sum,
        parts.part_text as parts_text,
        sums.gap_in_roundings as sum_gap,
        sums.part_sum as indicators_sum,
        sums.part_text as indicators_text,
        limits.own_sum,
        limits.limit_sum,
        limits.limit_indicator,
        children.children,
        children.children_registered,
        coalesce(
            children.children_sum::varchar, children.children_wholes::varchar
        ) as children_sum,
        -- Where not all children have reported, their sum may fall short.
        case
            when
                children.children = children.children_registered
                or (
                    usable.indicator_min >= 0
                    and coalesce(
                        children.children_sum > usable.number,
                        children.children_wholes > 0
                    )
                )
                then 100 * abs(
                    coalesce(
                        difference(usable.number, children.children_sum),
                        difference(usable.number, children.children_wholes)
                    )
                ) / nullif(abs(usable.number)::double, 0)
        end as children_gap_pct,
    from usable
    left join of_total on usable.row_id = of_total.row_id
    left join worst as parts
        on usable.row_id = parts.row_id and parts.rule_id = 'OBS_PARTS_TOTAL'
    left join worst as sums
        on usable.row_id = sums.row_id and sums.rule_id = 'OBS_INDICATORS_SUM'
    left join limit_sum as limits
        on
            usable.report = limits.report
            and usable.owner = limits.owner
            and usable.region_code = limits.region_code
            and usable.indicator_code = limits.indicator_code
            and usable.definition_version = limits.definition_version
            and usable.period = limits.period
            and usable.known_from = limits.known_from
    left join child_fact as children
        on
            usable.source_kind = children.source_kind
            and coalesce(usable.unit_code, usable.region_code)
            = children.parent
            and case when usable.unit_code is null then 'region' else 'unit' end
            = children.node_kind
            and case when usable.unit_code is null then usable.file_sha256 end
            is not distinct from children.release
            and usable.indicator_code = children.indicator_code
            and usable.definition_version = children.definition_version
            and usable.breakdown = children.breakdown
            and usable.period = children.period
            and usable.aggregation = 'sum'
    where
        of_total.row_id is not null
        or parts.row_id is not null
        or sums.row_id is not null
        or limits.limit_sum is not null
        or children.parent is not null
)

select * from final
;
