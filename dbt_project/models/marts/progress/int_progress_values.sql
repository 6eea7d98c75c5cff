with

-- Made before what is joined to it: the engine would join all targets first.
wanted as materialized (
    select
        terms.target_key,
        terms.indicator_code,
        terms.definition_version,
        terms.region_code,
        terms.unit_code,
        terms.breakdown,
        terms.plan_start,
        terms.plan_end,
        touched.from_end,
        touched.from_end < (
            select max(newest.from_end)
            from {{ ref('int_progress_touched') }} as newest
        ) as is_rewound,
        terms.path_shape,
        terms.reference_indicator_code
    from {{ ref('int_progress_touched') }} as touched
    inner join {{ ref('int_target_terms') }} as terms
        on touched.target_key = terms.target_key
),

-- The bound of all of them first: it spares reading the history. What goes back
-- further than the newest is little: each is read for itself.
matched as (
    {% for which in ['', 'not '] -%}
        select
            wanted.target_key,
            observations.source_kind,
            observations.source_code,
            observations.period,
            observations.period_end,
            observations.value,
            observations.observation_key,
            observations.known_from
        from wanted
        inner join {{ ref('fct_observation') }} as observations
            on
                wanted.indicator_code = observations.indicator_code
                and wanted.definition_version
                = observations.definition_version
                and wanted.region_code = observations.region_code
                and wanted.breakdown = observations.breakdown
                and wanted.unit_code is not distinct from
                observations.unit_code
                and wanted.plan_start <= observations.period_start
                and wanted.plan_end >= observations.period_end
                and wanted.from_end <= observations.period_end
        where
            observations.is_current
            and {{ which }}wanted.is_rewound
            and observations.period_end >= {{ earliest(
                'bound.from_end', 'wanted', which ~ 'bound.is_rewound'
            ) }}
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- A kind with one source says everything once.
crowded as (
    select source_kind
    from matched
    group by source_kind
    having min(source_code) <> max(source_code)
),

-- Two sources of one kind: the value that became known last is used.
chosen as (
    select * from matched
    where source_kind not in (select crowded.source_kind from crowded)
    union all
    select *
    from matched
    where source_kind in (select crowded.source_kind from crowded)
    qualify
        row_number() over (
            partition by target_key, source_kind, period
            order by known_from desc nulls last, source_code asc nulls last
        ) = 1
),

-- Few targets are held against another indicator: where none is, all ends here.
references_wanted as (
    select * from wanted
    where path_shape = 'reference'
),

reference_values as (
    select
        terms.target_key,
        observations.source_kind,
        observations.period,
        cast(observations.value as double) as reference_value
    from references_wanted as terms
    inner join {{ ref('fct_observation') }} as observations
        on
            terms.reference_indicator_code = observations.indicator_code
            and terms.region_code = observations.region_code
            and terms.breakdown = observations.breakdown
            and terms.unit_code is not distinct from observations.unit_code
            and terms.from_end <= observations.period_end
    where
        observations.is_current
        and observations.period_end
        >= {{ earliest('bound.from_end', 'references_wanted') }}
    qualify
        row_number() over (
            partition by
                terms.target_key, observations.source_kind,
                observations.period
            order by
                observations.known_from desc nulls last,
                observations.definition_version desc nulls last,
                observations.source_code asc nulls last
        ) = 1
),

final as (
    select
        chosen.target_key,
        chosen.source_kind,
        chosen.period,
        chosen.period_end,
        cast(chosen.value as double) as value,
        chosen.observation_key,
        chosen.known_from,
        reference_values.reference_value
    from chosen
    left join reference_values
        on
            chosen.target_key = reference_values.target_key
            and chosen.source_kind = reference_values.source_kind
            and chosen.period = reference_values.period
)

select * from final
