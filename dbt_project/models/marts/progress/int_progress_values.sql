{#- Each part reads the tables itself: what two parts of a view share is copied
    first (docs/decisions/0026). -#}

with

-- Two sources of one kind: the value that became known last is used.
matched as (
    select
        terms.target_key,
        observations.source_kind,
        observations.period,
        observations.period_end,
        observations.value,
        observations.observation_key,
        observations.known_from
    from {{ ref('int_progress_touched') }} as touched
    inner join {{ ref('int_target_terms') }} as terms
        on touched.target_key = terms.target_key
    inner join {{ ref('fct_observation') }} as observations
        on
            terms.indicator_code = observations.indicator_code
            and terms.definition_version = observations.definition_version
            and terms.region_code = observations.region_code
            and terms.breakdown = observations.breakdown
            and terms.unit_code is not distinct from observations.unit_code
            and terms.plan_start <= observations.period_start
            and terms.plan_end >= observations.period_end
            and touched.from_end <= observations.period_end
    where
        observations.is_current
        -- The bound of all of them first: it spares reading the history.
        and observations.period_end
        >= {{ earliest('bound.from_end', ref('int_progress_touched')) }}
    qualify
        row_number() over (
            partition by
                terms.target_key, observations.source_kind,
                observations.period
            order by
                observations.known_from desc nulls last,
                observations.source_code asc nulls last
        ) = 1
),

-- Few targets are held against another indicator: where none is, all ends here.
references_wanted as (
    select
        terms.*,
        touched.from_end
    from {{ ref('int_target_terms') }} as terms
    inner join {{ ref('int_progress_touched') }} as touched
        on terms.target_key = touched.target_key
    where terms.path_shape = 'reference'
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
        matched.target_key,
        matched.source_kind,
        matched.period,
        matched.period_end,
        cast(matched.value as double) as value,
        matched.observation_key,
        matched.known_from,
        reference_values.reference_value
    from matched
    left join reference_values
        on
            matched.target_key = reference_values.target_key
            and matched.source_kind = reference_values.source_kind
            and matched.period = reference_values.period
)

select * from final
