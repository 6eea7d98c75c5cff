-- Forecast of each touched month: the mean move from one season to the same
-- season a year later, carried on from the last figure of the target's own
-- season.

-- Student's t by degrees of freedom: the quantile that leaves a tenth above it
-- (scipy.stats.t.ppf(0.9, df)), and the coefficients of the finite series of
-- its distribution function (Abramowitz and Stegun 26.7.3 and 26.7.4).
create temp table student as
select
    df, q90,
    [
        coalesce(list_product(
            [if(df % 2 = 1, 2 * i / (2 * i + 1), (2 * i - 1) / (2 * i))
            for i in range(1, k + 1)]
        ), 1)
        for k in range(df // 2)
    ] as coefficients,
from (
    select
        unnest(range(1, 64)) as df,
        unnest([
            3.077683537175, 1.885618083164, 1.637744353696, 1.533206274059,
            1.475884048824, 1.439755747265, 1.414923927651, 1.396815309744,
            1.383028738397, 1.372183641110, 1.363430318021, 1.356217334023,
            1.350171288780, 1.345030374455, 1.340605607850, 1.336757167327,
            1.333379389722, 1.330390943570, 1.327728209027, 1.325340706985,
            1.323187873865, 1.321236741613, 1.319460239816, 1.317835933673,
            1.316345072674, 1.314971864271, 1.313702912829, 1.312526781593,
            1.311433647302, 1.310415025391, 1.309463549495, 1.308572793130,
            1.307737124451, 1.306951587126, 1.306211802016, 1.305513885536,
            1.304854381498, 1.304230203891, 1.303638588621, 1.303077052607,
            1.302543358953, 1.302035487183, 1.301551607682, 1.301090059689,
            1.300649332250, 1.300228047707, 1.299824947312, 1.299438878671,
            1.299068784748, 1.298713694195, 1.298372712848, 1.298045016210,
            1.297729842791, 1.297426488209, 1.297134299931, 1.296852672590,
            1.296581043799, 1.296318890404, 1.296065725122, 1.295821093516,
            1.295584571275, 1.295355761761, 1.295134293783
        ]) as q90,
);

create temp macro student_cdf(t, df, coefficients) as
    0.5 + t / sqrt(df + t * t) * coalesce(list_sum(list_transform(
        coefficients, lambda c, i: c * power(1 + t * t / df, 1 - i)
    )), 0) * case
        when df % 2 = 1 then 1 / sqrt(1 + t * t / df) / pi() else 0.5
    end + case when df % 2 = 1 then atan(t / sqrt(df)) / pi() else 0 end;

create temp table point as
select
    goal.goal_no,
    month_no(told.period_end)::integer as month,
    told.value::double as y,
from core.fct_observation as told
inner join goal
    on
        told.indicator_code = goal.indicator_code
        and told.definition_version = goal.definition_version
        and told.region_code = goal.region_code
        and told.breakdown = goal.breakdown
        and told.unit_code is not distinct from goal.unit_code
where told.is_current and told.value is not null;

-- What was known at the month, and nothing later.
create temp table summed as
select
    rated.goal_no,
    rated.period_end,
    any_value(rated.target) as target,
    any_value(goal.end_month) as end_month,
    count(*) as n_points,
    count(moved) as n_moves,
    sum(span) as span,
    sum(moved) as moved,
    sum(moved * moved / span) as squares,
    max(month) filter (month % 12 = goal.end_month % 12) as anchor_month,
    max_by(y, month) filter (month % 12 = goal.end_month % 12) as anchor,
from (
    select
        goal_no, month, y,
        (month - lag(month) over season) / 12 as span,
        y - lag(y) over season as moved,
    from point
    window season as (partition by goal_no, month % 12 order by month)
) as move
inner join rated
    on
        move.goal_no = rated.goal_no
        and move.month <= month_no(rated.period_end)
inner join goal on move.goal_no = goal.goal_no
group by rated.goal_no, rated.period_end;

drop table point;

create temp table forecast as
select
    goal_no, period_end, n_points,
    case when is_made then 'seasonal_drift' else 'none' end as method,
    case when is_made then round(y, 10) end as forecast_value,
    case when is_made then round(se, 10) end as forecast_se,
    case when is_made then round(y - se * q90, 10) end as low80,
    case when is_made then round(y + se * q90, 10) end as high80,
    case
        when is_made and n_counted >= rule('FORECAST', 'min_points_p_miss')
            then round(student_cdf((target - y) / se, df, coefficients), 10)
    end as p_miss,
from (
    select
        *,
        coalesce(
            horizon > 0 and n_counted >= rule('FORECAST', 'min_points'), false
        ) as is_made,
    from (
        -- The squares around the mean move: those around nothing less its own.
        select
            *,
            n_moves - 1 as df,
            least(n_points, n_moves + 1) as n_counted,
            (end_month - anchor_month) / 12 as horizon,
            anchor + horizon * moved / span as y,
            sqrt(
                greatest(squares - moved * moved / span, 0) / nullif(df, 0)
                * horizon * (1 + horizon / span)
            ) as se,
        from summed
    )
    left join student using (df)
);
