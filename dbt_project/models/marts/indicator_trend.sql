-- depends_on: {{ ref('int_warnings_touched_targets') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_keys('int_warnings_touched_targets', 'target_key') }}",
    post_hook="{{ scalar_macros() }}",
) }}

with

series as (
    select * from {{ ref('int_trend_series') }}
),

terms as (
    select * from {{ ref('int_target_terms') }}
),

tests as (
    select * from {{ ref('int_trend_tests') }}
),

anticipated as (
    select * from {{ ref('int_trend_anticipated') }}
),

rules as (
    select * from {{ ref('int_trend_rules') }}
),

judged as (
    select
        series.target_key,
        series.source_kind,
        series.step_months,
        series.points[-1].step_no as last_step,
        series.n_points,
        tests.slopes,
        tests.s,
        tests.variance,
        -- Ranks would take a season for a trend.
        case when series.seasons = 1 then tests.spearman end as spearman,
        {{ mann_kendall_method(
            '(case when tests.s is null then 0 else series.n_points end)',
            'tests.has_ties', 'series.seasons'
        ) }} as p_method
    from series
    inner join tests
        on
            series.target_key = tests.target_key
            and series.source_kind = tests.source_kind
    where series.n_points >= 3
),

-- Ranks of the two slopes between which the true one lies with 95 percent
-- (Sen 1968), counted from one.
measured as (
    select
        *,
        {{ mann_kendall_p('s', 'variance', 'n_points', 'p_method') }} as p,
        case
            when n_points >= 4 and abs(spearman) >= 1 then 0
            when n_points >= 4
                then
                    2 * (
                        1 - {{ student_t_cdf(
                            '(abs(spearman) * sqrt((n_points - 2)'
                            ~ ' / (1 - spearman * spearman)))',
                            '(n_points - 2)'
                        ) }}
                    )
        end as spearman_p,
        greatest(
            round((len(slopes) - 1.959963984540054 * sqrt(variance)) / 2), 1
        ) as low_rank,
        least(
            round((len(slopes) + 1.959963984540054 * sqrt(variance)) / 2) + 1,
            len(slopes)
        ) as high_rank
    from judged
),

final as (
    select
        terms.plan_code,
        terms.plan_version,
        terms.indicator_code,
        terms.definition_version,
        terms.region_code,
        terms.unit_code,
        terms.breakdown,
        series.source_kind,
        {{ period_of_step('series.points[-1].step_no', 'series.step_months') }}
            as period,
        series.target_key,
        series.n_points,
        measured.s as mann_kendall_s,
        round(measured.variance, 10) as mann_kendall_variance,
        round({{ mann_kendall_z('measured.s', 'measured.variance') }}, 10)
            as mann_kendall_z,
        round(measured.p, 10) as mann_kendall_p,
        coalesce(measured.p_method, 'none') as mann_kendall_method,
        round(list_median(measured.slopes), 10) as theil_sen_a_year,
        round(measured.slopes[cast(measured.low_rank as bigint)], 10)
            as theil_sen_low95,
        round(measured.slopes[cast(measured.high_rank as bigint)], 10)
            as theil_sen_high95,
        round(measured.spearman, 10) as spearman,
        round(measured.spearman_p, 10) as spearman_p,
        case
            when measured.spearman_p is null or rules.significance is null
                then null
            when measured.spearman_p > rules.significance then 'stable'
            when measured.spearman > 0 then 'up'
            else 'down'
        end as spearman_trend,
        anticipated.anticipated_value,
        anticipated.anticipated_gap_pct,
        anticipated.anticipated_class,
        case
            when anticipated.anticipated_value is not null
                then rules.anticipated_source_status
        end as anticipated_source_status
    from series
    inner join terms on series.target_key = terms.target_key
    cross join rules
    left join measured
        on
            series.target_key = measured.target_key
            and series.source_kind = measured.source_kind
    left join anticipated
        on
            series.target_key = anticipated.target_key
            and series.source_kind = anticipated.source_kind
)

select * from final
