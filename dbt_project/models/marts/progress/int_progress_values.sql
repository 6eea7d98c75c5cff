with

terms as (
    select
        terms.*,
        touched.from_end
    from {{ ref('int_target_terms') }} as terms
    inner join {{ ref('int_progress_touched') }} as touched
        on terms.target_key = touched.target_key
),

-- The bound of all of them first: it spares reading the history.
observations as (
    select *
    from {{ ref('fct_observation') }}
    where
        is_current
        and period_end
        >= {{ earliest('bound.from_end', ref('int_progress_touched')) }}
),

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
    from terms
    inner join observations
        on
            terms.indicator_code = observations.indicator_code
            and terms.definition_version = observations.definition_version
            and terms.region_code = observations.region_code
            and terms.breakdown = observations.breakdown
            and terms.unit_code is not distinct from observations.unit_code
            and terms.plan_start <= observations.period_start
            and terms.plan_end >= observations.period_end
            and terms.from_end <= observations.period_end
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

-- Few targets are held against another indicator: all others end here.
references_wanted as (
    select * from terms
    where path_shape = 'reference'
),

reference_values as (
    select
        terms.target_key,
        observations.source_kind,
        observations.period,
        cast(observations.value as double) as reference_value
    from references_wanted as terms
    inner join observations
        on
            terms.reference_indicator_code = observations.indicator_code
            and terms.region_code = observations.region_code
            and terms.breakdown = observations.breakdown
            and terms.unit_code is not distinct from observations.unit_code
    where
        terms.from_end <= observations.period_end
        and observations.indicator_code in (
            select wanted.reference_indicator_code
            from references_wanted as wanted
        )
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
