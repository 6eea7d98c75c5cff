with

series as (
    select * from {{ ref('int_trend_series') }}
),

rules as (
    select * from {{ ref('int_trend_rules') }}
),

-- Points of the season in which the target ends, the last one weighing 1, the
-- one before 1/2, and so on.
weighted as (
    select
        series.*,
        rules.maintain_to_pct,
        rules.accelerate_to_pct,
        [
            p for p in series.points
            if (series.target_step - p.step_no) % series.seasons = 0
        ] as counted,
        [
            {
                'x': counted[i].x,
                't': counted[i].step_no - series.target_step,
                'w': power(len(counted) - i + 1, -rules.weight_power)
            }
            for i in range(1, len(counted) + 1)
        ] as weighed
    from series
    cross join rules
    where rules.weight_power is not null
),

middles as (
    select
        *,
        list_sum([p.w * p.t for p in weighted.weighed])
        / list_sum([p.w for p in weighted.weighed]) as mean_t,
        list_sum([p.w * p.x for p in weighted.weighed])
        / list_sum([p.w for p in weighted.weighed]) as mean_x
    from weighted
    where len(weighed) >= 3
),

-- Time is counted from the target's end, so the line's height there is what
-- is anticipated; once the end is reached, its own figure is.
lines as (
    select
        *,
        case
            when points[-1].step_no >= target_step
                then [p.x for p in points if p.step_no <= target_step][-1]
            else
                mean_x - mean_t * list_sum([
                    p.w * (p.t - mean_t) * (p.x - mean_x)
                    for p in middles.weighed
                ]) / list_sum([
                    p.w * (p.t - mean_t) * (p.t - mean_t)
                    for p in middles.weighed
                ])
        end as anticipated
    from middles
),

gaps as (
    select
        *,
        case
            when path_shape = 'linear'
                then
                    -- Adding nothing makes 0 of a negative 0.
                    0.0 + 100
                    * greatest(sense * (target_value - anticipated), 0)
                    / abs(target_value - baseline_value)
        end as gap_pct
    from lines
),

final as (
    select
        target_key,
        source_kind,
        len(weighed) as n_weighed,
        round(anticipated, 10) as anticipated_value,
        round(gap_pct, 10) as anticipated_gap_pct,
        case
            when gap_pct is null or maintain_to_pct is null then null
            when round(gap_pct, 10) <= maintain_to_pct then 'maintain'
            when round(gap_pct, 10) <= accelerate_to_pct then 'accelerate'
            else 'reverse'
        end as anticipated_class
    from gaps
)

select * from final
