with

terms as (
    select
        *,
        cast(
            {{ month_index('target_end') }} / step_months as integer
        ) as target_step,
        cast((first_month - 1) / step_months as integer) as start_step
    from {{ ref('int_target_terms') }}
    where
        target_key in (
            select touched.target_key
            from {{ ref('int_progress_touched') }} as touched
        )
),

observations as (
    select *
    from {{ ref('fct_observation') }}
    where is_current and value is not null
),

chain as (
    select * from {{ ref('int_progress_chain') }}
),

-- The whole history of a level, on one definition and at its own frequency.
levels as (
    select
        terms.target_key,
        observations.source_kind,
        observations.period,
        terms.plan_start <= observations.period_start
        and terms.plan_end >= observations.period_end as is_in_plan,
        cast(
            {{ month_index('observations.period_end') }}
            / terms.step_months as integer
        ) as step_no,
        cast(observations.value as double) as x
    from terms
    inner join observations
        on
            terms.indicator_code = observations.indicator_code
            and terms.definition_version = observations.definition_version
            and terms.region_code = observations.region_code
            and terms.breakdown = observations.breakdown
            and terms.unit_code is not distinct from observations.unit_code
            and terms.step_months = {{ period_months('observations.period') }}
    where terms.path_shape in ('linear', 'constant')
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

level_points as (
    select
        levels.*,
        'plain' as scale,
        12 / terms.step_months as seasons,
        levels.x as y
    from levels
    inner join terms on levels.target_key = terms.target_key
    union all
    select
        levels.*,
        'logit' as scale,
        12 / terms.step_months as seasons,
        ln(
            (levels.x - terms.min_value) / (terms.max_value - levels.x)
        ) as y
    from levels
    inner join terms on levels.target_key = terms.target_key
    where levels.x > terms.min_value and levels.x < terms.max_value
),

-- A chain starts at nothing on the eve of the plan and adds up: logarithms of
-- factors, or amounts.
chain_points as (
    select
        chain.target_key,
        chain.source_kind,
        true as is_in_plan,
        terms.start_step + chain.period_no as step_no,
        case
            when terms.path_shape = 'sum' then 'plain' else 'log'
        end as scale,
        1 as seasons,
        case
            when terms.path_shape = 'sum' then chain.total
            when chain.factor > 0 then ln(chain.factor)
        end as y
    from chain
    inner join terms on chain.target_key = terms.target_key
    union all
    select
        chain.target_key,
        chain.source_kind,
        false as is_in_plan,
        terms.start_step as step_no,
        case
            when terms.path_shape = 'sum' then 'plain' else 'log'
        end as scale,
        1 as seasons,
        0 as y
    from chain
    inner join terms on chain.target_key = terms.target_key
    where chain.period_no = 1
),

points as (
    select
        target_key,
        source_kind,
        scale,
        seasons,
        step_no,
        is_in_plan,
        y
    from level_points
    union all
    select
        target_key,
        source_kind,
        scale,
        seasons,
        step_no,
        is_in_plan,
        y
    from chain_points
    where y is not null
),

-- Each point is compared with the last one of its own season.
final as (
    select
        *,
        step_no % cast(seasons as integer) as season,
        (
            step_no - lag(step_no) over (
                partition by
                    target_key, source_kind, scale,
                    step_no % cast(seasons as integer)
                order by step_no asc nulls last
            )
        ) / seasons as span,
        y - lag(y) over (
            partition by
                target_key, source_kind, scale,
                step_no % cast(seasons as integer)
            order by step_no asc nulls last
        ) as moved
    from points
)

select * from final
