with

figures as (
    select * from {{ ref('int_divergence_values') }}
),

-- Official and verified figures speak of a region; they stand beside a unit's
-- report where that unit alone reports on the region.
speakers as (
    select
        point_key,
        unit_code,
        count(*) over (partition by point_key) as n_speakers
    from (
        select distinct
            point_key,
            unit_code
        from figures
        where source_kind = 'self_reported'
    ) as reporters
    union all
    select distinct
        figures.point_key,
        figures.unit_code,
        1 as n_speakers
    from figures
    left join figures as reports
        on
            figures.point_key = reports.point_key
            and reports.source_kind = 'self_reported'
    where
        figures.source_kind <> 'self_reported' and reports.point_key is null
),

matched as (
    select
        speakers.point_key,
        speakers.unit_code as speaker_code,
        figures.*
    from speakers
    inner join figures
        on
            speakers.point_key = figures.point_key
            and (
                speakers.unit_code is not distinct from figures.unit_code
                or (figures.unit_code is null and speakers.n_speakers = 1)
            )
    -- The unit's own figure goes before the region's.
    qualify
        row_number() over (
            partition by
                speakers.point_key, speakers.unit_code, figures.source_kind
            order by figures.unit_code asc nulls last
        ) = 1
),

{% set kinds = ['self_reported', 'official', 'verified'] %}

side_by_side as (
    select
        point_key,
        speaker_code as unit_code,
        any_value(indicator_code) as indicator_code,
        any_value(definition_version) as definition_version,
        any_value(region_code) as region_code,
        any_value(period) as period,
        any_value(breakdown) as breakdown,
        {% for kind in kinds -%}
            max(case when source_kind = '{{ kind }}' then value end)
                as {{ kind }},
            max(case when source_kind = '{{ kind }}' then source_code end)
                as {{ kind }}_source,
            max(case when source_kind = '{{ kind }}' then known_from end)
                as {{ kind }}_known_from,
            max(case when source_kind = '{{ kind }}' then observation_key end)
                as {{ kind }}_key,
        {% endfor -%}
        count(distinct unit_measure) as n_measures,
        count(*) as n_kinds
    from matched
    group by point_key, speaker_code
    having count(*) > 1
),

precedence as (
    select
        max(rule_version) as rule_version,
        max(value) as kinds_in_order
    from {{ ref('int_rule_parameters') }}
    where rule_id = 'VALUE_PRECEDENCE' and parameter = 'order'
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

regions as (
    select * from {{ ref('dim_region') }}
),

revisions as (
    select * from {{ ref('revision_statistics') }}
),

-- Tolerance: half a unit of the last published digit, or twice the usual
-- revision of the official figure, whichever is more. Where the official figure
-- is 0 no share tells of it, so both are held against each other as they stand.
allowed as (
    select
        side_by_side.*,
        indicators.direction,
        precedence.rule_version,
        {{ chosen_kind('precedence.kinds_in_order', kinds) }}
            as chosen_source_kind,
        case
            when side_by_side.n_measures = 1
                then
                    cast(
                        side_by_side.self_reported - side_by_side.official
                        as double
                    )
        end as difference,
        abs(cast(side_by_side.official as double)) as size,
        greatest(
            0.5 * power(10, -indicators.decimals),
            2 * revisions.relative_mar
            * abs(cast(side_by_side.official as double))
        ) as allowance
    from side_by_side
    cross join precedence
    left join indicators
        on
            side_by_side.indicator_code = indicators.indicator_code
            and side_by_side.definition_version
            = indicators.definition_version
    left join regions on side_by_side.region_code = regions.region_code
    left join revisions
        on
            side_by_side.official_source = revisions.source_code
            and side_by_side.indicator_code = revisions.indicator_code
            and regions.level = revisions.region_level
),

final as (
    select
        indicator_code,
        region_code,
        unit_code,
        period,
        definition_version,
        breakdown,
        self_reported,
        self_reported_source,
        self_reported_known_from,
        official,
        official_source,
        official_known_from,
        verified,
        verified_source,
        verified_known_from,
        round(difference / nullif(size, 0), 10) as divergence,
        round(allowance / nullif(size, 0), 10) as tolerance,
        nullif(
            concat_ws(
                ', ',
                case when n_measures > 1 then 'different_measures' end,
                case
                    when abs(difference) > allowance then 'beyond_tolerance'
                end,
                case
                    when
                        (direction = 'higher' and difference > 0)
                        or (direction = 'lower' and difference < 0)
                        then 'favours_reporter'
                end
            ),
            ''
        ) as flags,
        cast(null as double) as q_value,
        case chosen_source_kind
            {% for kind in kinds -%}
                when '{{ kind }}' then {{ kind }}
            {% endfor -%}
        end as chosen_value,
        chosen_source_kind,
        rule_version,
        self_reported_key,
        official_key,
        verified_key
    from allowed
)

select * from final
