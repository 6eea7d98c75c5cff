-- The mart of progress: status, lenses and forecast of every touched month.

delete from marts.indicator_progress as old
using goal
where
    old.period_end >= (select min(period_end) from fresh)
    and old.period_end >= goal.from_end
    and old.target_key = goal.target_key;

-- Spread of the provinces in the month of the baseline: the unit of distance.
create temp table spread as
select told.indicator_code, round(stddev_samp(told.value::double), 10) as peer_sd
from core.fct_observation as told
inner join core.dim_region as regions using (region_code)
where
    told.is_current and told.unit_code is null and regions.level = 1
    and told.period_end = (select min(plan_start) - 1 from goal)
group by told.indicator_code;

insert into marts.indicator_progress by name
select
    goal.plan_code, goal.plan_version, goal.indicator_code,
    goal.definition_version, goal.region_code, goal.unit_code, goal.breakdown,
    rated.source_kind, rated.period, rated.period_end, 'M' as frequency,
    goal.target_key, goal.target_type, goal.binding, goal.strictness,
    rated.baseline as baseline_value,
    rated.target as target_value,
    rated.value, round(rated.value, 10) as value_to_date,
    rated.progress_share, round(rated.elapsed, 10) as elapsed_share, rated.pace,
    round(rated.path, 10) as path_value, rated.gap_pct, rated.status_raw,
    held.status_held, held.improving_run, held.on_schedule_run,
    round((rated.value - rated.baseline) / (rated.path - rated.baseline), 10)
        as path_pace,
    case
        when rated.place < rated.plan_months
            then round(
                (rated.target - rated.value) / (rated.plan_months - rated.place), 10
            )
    end as required_rate,
    -- Yearly growth so far against that which is needed: from a year on.
    case
        when
            rated.place >= 12
            and 100 * abs(rated.target - rated.baseline) / rated.baseline
            >= rule('PROGRESS_EUROSTAT', 'min_change_pct')
            then round(
                (power(rated.value / rated.baseline, 12 / rated.place) - 1)
                / (power(rated.target / rated.baseline, 12 / rated.plan_months) - 1),
                10
            )
    end as eurostat_ratio,
    case
        when eurostat_ratio is null then null
        when rated.status_raw = 'achieved' then 'target_achieved'
        when eurostat_ratio >= rule('PROGRESS_EUROSTAT', 'significant_from')
            then 'significant'
        when eurostat_ratio >= rule('PROGRESS_EUROSTAT', 'moderate_from')
            then 'moderate'
        when eurostat_ratio >= rule('PROGRESS_EUROSTAT', 'insufficient_from')
            then 'insufficient'
        else 'away'
    end as eurostat_class,
    round(
        10 * (rated.value - rated.baseline) / (rated.target - rated.baseline), 10
    ) as csi,
    case
        when goal.unit_code is null
            then round(greatest(rated.target - rated.value, 0) / spread.peer_sd, 10)
    end as distance_to_target,
    forecast.forecast_value, forecast.forecast_se,
    forecast.low80 as forecast_low80, forecast.high80 as forecast_high80,
    forecast.p_miss, forecast.method as forecast_method, forecast.n_points,
    null as theil_sen_slope,
    goal.official_label, null as not_rated_reason,
    (select rule_version from parameters where rule_id = 'PROGRESS_RAG')
        as rule_version,
    rated.observation_key, rated.known_from,
from rated
inner join goal using (goal_no)
inner join held using (goal_no, place)
inner join forecast using (goal_no, period_end)
left join spread on goal.indicator_code = spread.indicator_code;
