with

observed as (
    select * from {{ ref('int_progress_steps') }}
),

chain as (
    select * from {{ ref('int_progress_chain') }}
),

-- value_to_date is the figure that the path speaks about. Only what adds up has
-- a chain: the rest is not joined to one.
cumulated as (
    select
        observed.*,
        chain.factor,
        case observed.path_shape
            when 'growth'
                then
                    case
                        when chain.factor >= 0
                            then round(
                                100 * (
                                    power(chain.factor, 1.0 / chain.period_no)
                                    - 1
                                ),
                                10
                            )
                    end
            when 'reduction' then round(100 * (1 - chain.factor), 10)
            when 'sum' then round(chain.total, 10)
        end as value_to_date
    from observed
    left join chain
        on
            observed.target_key = chain.target_key
            and observed.source_kind = chain.source_kind
            and observed.period_no = chain.period_no
    where observed.path_shape in ('growth', 'reduction', 'sum')
    union all
    select
        *,
        null as factor,
        round(value, 10) as value_to_date
    from observed
    where path_shape not in ('growth', 'reduction', 'sum')
),

shares as (
    select
        *,
        case path_shape
            when 'linear'
                then
                    (value - baseline_value)
                    / nullif(target_value - baseline_value, 0)
            when 'growth'
                then
                    (factor - 1) / nullif(
                        power(
                            1 + target_value / 100,
                            cast(plan_months as double) / step_months
                        ) - 1,
                        0
                    )
            when 'reduction' then value_to_date / nullif(target_value, 0)
            when 'sum' then value_to_date / nullif(target_value, 0)
        end as raw_progress_share,
        case path_shape
            when 'linear'
                then
                    baseline_value
                    + (target_value - baseline_value) * elapsed_share
            when 'constant' then target_value
            when 'growth' then target_value
            when 'sum' then target_value * elapsed_share
            when 'reference' then reference_value
            when 'reduction'
                then
                    -- Nothing can fall by more than all of it.
                    case
                        when target_value <= 100
                            then
                                100 * (
                                    1 - power(
                                        1 - target_value / 100, elapsed_share
                                    )
                                )
                    end
        end as computed_path_value
    from cumulated
),

pathed as (
    select
        *,
        coalesce(declared_path_value, computed_path_value) as wanted_value
    from shares
),

-- pace holds progress against the share of time that has passed, path_pace
-- against the path itself: only the second is 1 for all that is on its path.
final as (
    select
        *,
        round(raw_progress_share, 10) as progress_share,
        round(raw_progress_share / elapsed_share, 10) as pace,
        round(wanted_value, 10) as path_value,
        round(
            case
                when path_shape = 'linear'
                    then
                        (value - baseline_value)
                        / nullif(wanted_value - baseline_value, 0)
                when path_shape in ('reduction', 'sum')
                    then value_to_date / nullif(wanted_value, 0)
                when path_shape = 'growth'
                    then
                        (factor - 1) / nullif(
                            power(1 + wanted_value / 100, period_no) - 1, 0
                        )
            end,
            10
        ) as path_pace
    from pathed
)

select * from final
