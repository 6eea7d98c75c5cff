{#-
  Body of core.observation_on_boundaries(day, moment): every series on the
  boundaries of one day. Flows and stocks go along the successions by weight;
  everything else only through a rename. What no weight explains is a row of
  its own without a region, so that the rows add up to what was reported.
-#}
{% macro observation_on_boundaries() -%}
    with recursive

    edges as (
        select
            old_region_code,
            new_region_code,
            effective_on,
            cast(weight as decimal(12, 10)) as weight,
            kind = 'rename' as is_rename,
            max(effective_on) over (
                partition by old_region_code
                order by effective_on
                range between unbounded preceding and interval 1 day preceding
            ) as previous_on
        from core.bridge_region_succession
    ),

    -- Of what a region is made on a day: what went over to it, and itself
    -- where it had been there before and nothing says that it was divided.
    parts as (
        select old_region_code, new_region_code, effective_on, is_rename
        from edges
        union
        select distinct
            edges.new_region_code as old_region_code,
            edges.new_region_code,
            edges.effective_on,
            false as is_rename
        from edges
        inner join core.dim_region_vintage as regions
            on
                edges.new_region_code = regions.region_code
                and regions.is_current
                and coalesce(regions.valid_from < edges.effective_on, true)
        anti join edges as divided
            on
                edges.new_region_code = divided.old_region_code
                and edges.effective_on = divided.effective_on
    ),

    sources as (
        select
            new_region_code,
            effective_on,
            min(old_region_code) as old_region_code,
            count(distinct old_region_code) as n_old,
            bool_and(is_rename) as is_rename,
            lead(effective_on) over (
                partition by new_region_code order by effective_on
            ) as next_on
        from parts
        group by new_region_code, effective_on
    ),

    rows_known as (
        select *
        from core.fct_observation
        where
            value is not null
            and known_from <= coalesce(cast(moment as timestamp), known_from)
            and (
                known_to is null
                or known_to > cast(moment as timestamp)
            )
    ),

    points as (
        select distinct region_code, period_end
        from rows_known
        where
            region_code in (select old_region_code from edges)
            or region_code in (select new_region_code from edges)
    ),

    walk (start_code, period_end, region_code, reached, share, is_rename) as (
        select
            region_code,
            period_end,
            region_code,
            period_end,
            cast(1 as decimal(12, 10)),
            true
        from points
        union all (
        select
            walk.start_code,
            walk.period_end,
            edges.new_region_code,
            edges.effective_on,
            cast(walk.share * coalesce(edges.weight, 0) as decimal(12, 10)),
            walk.is_rename and edges.is_rename
        from walk
        inner join edges
            on
                walk.region_code = edges.old_region_code
                and walk.reached < edges.effective_on
                and cast(day as date) >= edges.effective_on
                and coalesce(edges.previous_on <= walk.reached, true)
        where walk.period_end < cast(day as date)
        union all
        select
            walk.start_code,
            walk.period_end,
            sources.old_region_code,
            cast(sources.effective_on - interval 1 day as date),
            case when sources.n_old = 1 then walk.share else 0 end,
            walk.is_rename and sources.is_rename
        from walk
        inner join sources
            on
                walk.region_code = sources.new_region_code
                and walk.reached >= sources.effective_on
                and cast(day as date) < sources.effective_on
                and coalesce(sources.next_on > walk.reached, true)
        where walk.period_end >= cast(day as date)
        )
    ),

    ends as (
        select walk.*
        from walk
        anti join edges
            on
                walk.period_end < cast(day as date)
                and walk.region_code = edges.old_region_code
                and walk.reached < edges.effective_on
                and cast(day as date) >= edges.effective_on
        anti join sources
            on
                walk.period_end >= cast(day as date)
                and walk.region_code = sources.new_region_code
                and walk.reached >= sources.effective_on
                and cast(day as date) < sources.effective_on
    ),

    shares as (
        select
            start_code,
            period_end,
            region_code,
            sum(share) as share,
            bool_and(is_rename) as is_rename
        from ends
        group by start_code, period_end, region_code
    ),

    spread as (
        select
            rows_known.*,
            coalesce(shares.region_code, rows_known.region_code) as then_code,
            case
                when shares.region_code is null or shares.share = 1
                    then
                        case
                            when
                                shares.region_code is null
                                or shares.is_rename
                                or shares.region_code = rows_known.region_code
                                or indicators.aggregation in ('sum', 'last')
                                then rows_known.value
                            else 0
                        end
                when indicators.aggregation in ('sum', 'last')
                    then
                        cast(
                            rows_known.value * shares.share
                            as decimal(38, 10)
                        )
                else 0
            end as part,
            -- A zero that goes along is told; one that cannot go is no figure.
            coalesce(
                shares.region_code is null
                or (
                    shares.share = 1
                    and (
                        shares.is_rename
                        or shares.region_code = rows_known.region_code
                    )
                )
                or (
                    shares.share <> 0
                    and indicators.aggregation in ('sum', 'last')
                ),
                false
            ) as is_carried
        from rows_known
        left join shares
            on
                rows_known.region_code = shares.start_code
                and rows_known.period_end = shares.period_end
        left join core.dim_indicator as indicators
            on
                rows_known.indicator_code = indicators.indicator_code
                and rows_known.definition_version
                = indicators.definition_version
    ),

    rests as (
        select
            observation_key,
            any_value(value) - sum(part) as rest,
            bool_or(part <> 0 or is_carried) as is_told
        from spread
        group by observation_key
    )

    select
        source_kind,
        source_code,
        unit_code,
        then_code as region_code,
        indicator_code,
        definition_version,
        period,
        breakdown,
        sum(part) as value,
        any_value(unit_measure) as unit_measure,
        case
            when count(*) = 1 and min(region_code) = then_code
                and min(part) = min(value)
                then 'reported'
            else 'converted'
        end as treatment,
        string_agg(distinct region_code, ', ' order by region_code)
            as reported_regions,
        min(period_end) as period_end
    from spread
    where part <> 0 or (value = 0 and is_carried)
    group by
        source_kind, source_code, unit_code, then_code, indicator_code,
        definition_version, period, breakdown
    union all
    select
        rows_known.source_kind,
        rows_known.source_code,
        rows_known.unit_code,
        null as region_code,
        rows_known.indicator_code,
        rows_known.definition_version,
        rows_known.period,
        rows_known.breakdown,
        rests.rest as value,
        rows_known.unit_measure,
        'unexplained' as treatment,
        rows_known.region_code as reported_regions,
        rows_known.period_end
    from rows_known
    inner join rests
        on rows_known.observation_key = rests.observation_key
    where rests.rest <> 0 or not rests.is_told
{%- endmacro %}
