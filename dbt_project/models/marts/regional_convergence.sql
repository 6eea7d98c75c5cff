-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
-- depends_on: {{ ref('int_inequality_touched') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_comparisons_since() }}",
    ],
    post_hook="{{ record_watermark(
        ['regional_inequality_contribution'], 'int_progress_clock'
    ) }}",
) }}

with

contributions as (
    {{ contributions_since() }}
),

-- One grouping is enough: the regions are the same in all of them.
regions as (
    select
        indicator_code,
        population_indicator_code,
        region_level,
        source_kind,
        period,
        {{ month_index(period_end('period')) }} as month_no,
        months,
        from_period,
        region_code,
        max(per_capita) as per_capita
    from contributions
    where
        region_code is not null and per_capita > 0
    group by all
),

firsts as (
    select *
    from regions
    qualify
        rank() over (
            partition by
                indicator_code, population_indicator_code, region_level,
                source_kind, months
            order by month_no asc nulls last
        ) = 1
),

growth as (
    select
        firsts.indicator_code,
        firsts.population_indicator_code,
        firsts.region_level,
        firsts.source_kind,
        firsts.period as base_period,
        regions.period,
        (regions.month_no - firsts.month_no) / 12 as years,
        ln(firsts.per_capita) as log_start,
        ln(regions.per_capita) as log_end,
        ln(regions.per_capita / firsts.per_capita) * 12
        / (regions.month_no - firsts.month_no) as rate
    from firsts
    inner join regions
        on
            firsts.indicator_code = regions.indicator_code
            and firsts.population_indicator_code
            = regions.population_indicator_code
            and firsts.region_level = regions.region_level
            and firsts.source_kind = regions.source_kind
            and firsts.months = regions.months
            and firsts.region_code = regions.region_code
            and firsts.month_no < regions.month_no
    where regions.period >= regions.from_period
),

fitted as (
    select
        indicator_code,
        population_indicator_code,
        region_level,
        source_kind,
        base_period,
        period,
        years,
        count(*) as n_regions,
        regr_intercept(rate, log_start) as intercept,
        regr_slope(rate, log_start) as beta,
        sqrt(
            greatest(
                regr_syy(rate, log_start)
                - regr_slope(rate, log_start) * regr_sxy(rate, log_start),
                0
            ) / nullif(count(*) - 2, 0) / nullif(regr_sxx(rate, log_start), 0)
        ) as beta_se,
        regr_r2(rate, log_start) as r_squared,
        stddev_pop(log_start) as sigma_start,
        stddev_pop(log_end) as sigma_end,
        min(log_start) < max(log_start) as do_starts_differ,
        round(max(rate) - min(rate), 10) > 0 as do_rates_differ
    from growth
    group by
        indicator_code, population_indicator_code, region_level, source_kind,
        base_period, period, years
    having count(*) >= 3
),

-- Where all regions start alike, growth cannot be fitted to the start. Where
-- all grow alike, there is no variance to explain: what is left of it is the
-- noise of the last digits, from which any slope and speed could follow.
settled as (
    select
        * replace (
            {% for name in ['intercept', 'beta_se'] -%}
                case when do_starts_differ then {{ name }} end as {{ name }},
            {% endfor -%}
            case
                when do_starts_differ and do_rates_differ then beta
                when do_starts_differ then 0
            end as beta,
            case
                when do_starts_differ and do_rates_differ then r_squared
            end as r_squared
        )
    from fitted
),

timed as (
    select
        *,
        case when 1 + beta * years > 0 then -ln(1 + beta * years) / years end
            as speed
    from settled
),

final as (
    select
        indicator_code,
        population_indicator_code,
        region_level,
        source_kind,
        base_period,
        period,
        n_regions,
        round(years, 10) as years,
        round(intercept, 10) as intercept,
        round(beta, 10) as beta,
        round(beta_se, 10) as beta_se,
        round(r_squared, 10) as r_squared,
        round(speed, 10) as speed,
        round(case when speed > 0 then ln(2) / speed end, 10)
            as half_life_years,
        round(sigma_start, 10) as sigma_start,
        round(sigma_end, 10) as sigma_end,
        round(sigma_end, 10) < round(sigma_start, 10) as is_sigma_converging
    from timed
)

select * from final
