with

terms as (
    select
        terms.*,
        cast(12 / terms.step_months as integer) as steps_a_year,
        cast(
            {{ month_index('terms.target_end') }} / terms.step_months as integer
        ) as target_step,
        cast((terms.first_month - 1) / terms.step_months as integer)
            as start_step,
        greatest(
            terms.first_month + terms.step_months - 1,
            {{ month_index('touched.from_end') }}
        ) as first_told_month,
        terms.first_month + terms.plan_months - 1 as last_told_month
    from {{ ref('int_target_terms') }} as terms
    inner join {{ ref('int_progress_touched') }} as touched
        on terms.target_key = touched.target_key
),

levels as (
    select * from {{ ref('int_forecast_history') }}
),

chain as (
    select * from {{ ref('int_progress_chain') }}
),

-- A chain starts at nothing on the eve of the plan and adds up: logarithms of
-- factors, or amounts.
chain_points as (
    select
        chain.target_key,
        chain.source_kind,
        terms.path_shape,
        terms.start_step + chain.period_no as step_no,
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
        terms.path_shape,
        terms.start_step as step_no,
        0 as y
    from chain
    inner join terms on chain.target_key = terms.target_key
    where chain.period_no = 1
),

-- Every series on the scale of its model; rates on the logit scale too.
histories as (
    select
        levels.target_key,
        levels.source_kind,
        'plain' as scale,
        terms.steps_a_year as seasons,
        [
            struct_pack(step_no := p.step_no, y := p.x) for p in levels.points
        ] as history
    from levels
    inner join terms on levels.target_key = terms.target_key
    union all
    select
        levels.target_key,
        levels.source_kind,
        'logit' as scale,
        terms.steps_a_year as seasons,
        [
            {
                'step_no': p.step_no,
                'y': ln((p.x - terms.min_value) / (terms.max_value - p.x))
            }
            for p in levels.points
            if p.x > terms.min_value and p.x < terms.max_value
        ] as history
    from levels
    inner join terms on levels.target_key = terms.target_key
    where terms.min_value is not null and terms.max_value is not null
    union all
    select
        target_key,
        source_kind,
        case path_shape when 'sum' then 'plain' else 'log' end as scale,
        1 as seasons,
        list_sort(list(struct_pack(step_no := step_no, y := y))) as history
    from chain_points
    where y is not null
    group by target_key, source_kind, path_shape
),

-- One row for each period of the plan that is computed again.
wanted as (
    select
        histories.target_key,
        histories.source_kind,
        histories.scale,
        histories.seasons,
        histories.history,
        terms.path_shape,
        terms.sense,
        terms.target_value,
        terms.min_value,
        terms.max_value,
        terms.target_step,
        terms.target_step - terms.start_step as target_steps,
        unnest([
            p.step_no for p in histories.history
            if case
                when terms.path_shape in ('linear', 'constant')
                    then
                        p.step_no * terms.step_months
                        between terms.first_told_month
                        and terms.last_told_month
                else p.step_no > terms.start_step
            end
        ]) as step_no
    from histories
    inner join terms on histories.target_key = terms.target_key
),

-- What was there at that period, and nothing later.
cut as (
    select
        *,
        [p for p in wanted.history if p.step_no <= wanted.step_no] as known
    from wanted
),

-- Each point beside the last one of its own season: where no period is
-- missing that one stands as many places before as the year has seasons.
paired as (
    select
        *,
        [
            {
                'now': known[i],
                'then':
                case
                    when
                        i > cut.seasons
                        and known[i - cut.seasons].step_no
                        = known[i].step_no - cut.seasons
                        then known[i - cut.seasons]
                    else [
                        p for p in known[:i - 1]
                        if p.step_no % cut.seasons
                        = known[i].step_no % cut.seasons
                    ][-1]
                end
            }
            for i in range(1, len(known) + 1)
        ] as pairs
    from cut
),

final as (
    select
        paired.target_key,
        paired.source_kind,
        paired.scale,
        paired.step_no,
        paired.seasons,
        paired.path_shape,
        paired.sense,
        paired.target_value,
        paired.min_value,
        paired.max_value,
        paired.target_step,
        paired.target_steps,
        paired.known,
        paired.known[-1].y as last_y,
        -- The start of a chain is no figure that anyone observed.
        len(paired.known) - case
            when paired.path_shape in ('linear', 'constant') then 0 else 1
        end as n_points,
        [
            {
                'span': (a.now.step_no - a.then.step_no) / paired.seasons,
                'moved': a.now.y - a.then.y
            }
            for a in paired.pairs if a.then is not null
        ] as moves,
        [
            a for a in paired.known
            if a.step_no % paired.seasons
            = paired.target_step % paired.seasons
        ][-1] as anchor
    from paired
)

select * from final
